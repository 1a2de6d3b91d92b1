//! Runs a program under ptrace and makes one of its system calls go wrong.
//!
//! `strace -e inject` could do the same to a program with one thread; it counts the calls of each thread by itself, so
//! that in a program with several there are calls that no number reaches. Here all threads are counted together.

use std::collections::HashSet;
use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};

use nix::errno::Errno;
use nix::libc;
use nix::sys::ptrace::{self, Options};
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;

/// Of the calls on SQLite's files, one in so many is a point: that it survives an end at each of them is its own
/// promise, tested by its makers.
const DATABASE: usize = 8;

/// What goes wrong.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Fault<'a> {
    /// The program is killed instead of making its n-th call that matters, counted from 1: one that writes to a
    /// file, makes it durable, makes, renames or deletes it, or sends to the network or to standard output.
    Kill(usize),
    /// Every call that needs room below the folder fails with ENOSPC, from the n-th on.
    Full(usize, &'a Path),
}

/// How the program ended.
#[derive(Debug)]
pub(crate) struct Run {
    /// The call that was hit; none if the program ended before.
    pub(crate) hit: Option<String>,
    /// Its exit code, unless it was killed.
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// Whether these tests run: always, but where the environment says that this system forbids ptrace.
pub(crate) fn is_allowed() -> bool {
    let forbidden = std::env::var_os("CHARTSEAL_TEST_NO_PTRACE").is_some();
    if forbidden {
        println!("skipped: CHARTSEAL_TEST_NO_PTRACE is set, so no system call is made to fail");
    }
    !forbidden
}

/// Runs a command with a fault.
pub(crate) fn run(command: &Command, fault: Fault) -> Run {
    let folder = tempfile::tempdir().unwrap();
    let (stdout, stderr) = (folder.path().join("stdout"), folder.path().join("stderr"));
    let leader = start(command, &stdout, &stderr);
    let mut watch = Watch::new(leader, fault);
    let code = watch.until_it_ends();
    Run {
        hit: watch.hit,
        code,
        stdout: fs::read_to_string(stdout).unwrap(),
        stderr: fs::read_to_string(stderr).unwrap(),
    }
}

/// Starts a command in a process group of its own, stopped, and takes hold of it.
fn start(command: &Command, stdout: &Path, stderr: &Path) -> Pid {
    let mut held = Command::new("/bin/sh");
    held.args(["-c", "kill -STOP $$; exec \"$@\"", "sh"])
        .arg(command.get_program())
        .args(command.get_args())
        .env("TOKIO_WORKER_THREADS", "1")
        .process_group(0)
        .stdin(Stdio::null())
        .stdout(File::create(stdout).unwrap())
        .stderr(File::create(stderr).unwrap());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => held.env(name, value),
            None => held.env_remove(name),
        };
    }
    let leader = Pid::from_raw(held.spawn().unwrap().id().cast_signed());
    let stopped = waitpid(leader, Some(WaitPidFlag::WUNTRACED)).unwrap();
    assert_eq!(stopped, WaitStatus::Stopped(leader, Signal::SIGSTOP));
    let options = Options::PTRACE_O_TRACESYSGOOD
        | Options::PTRACE_O_TRACECLONE
        | Options::PTRACE_O_TRACEEXEC
        | Options::PTRACE_O_EXITKILL;
    if let Err(error) = ptrace::seize(leader, options) {
        kill(leader, Signal::SIGKILL).unwrap();
        panic!(
            "this system does not allow ptrace ({error}): allow it (in Docker: --cap-add SYS_PTRACE), or set \
             CHARTSEAL_TEST_NO_PTRACE=1 to go without these tests"
        );
    }
    kill(leader, Signal::SIGCONT).unwrap();
    leader
}

/// A program that is being watched.
struct Watch<'a> {
    leader: Pid,
    fault: Fault<'a>,
    points: usize,
    /// Calls on SQLite's files.
    database: usize,
    hit: Option<String>,
    /// Threads in a call that is to fail.
    failing: HashSet<Pid>,
}

impl<'a> Watch<'a> {
    fn new(leader: Pid, fault: Fault<'a>) -> Self {
        Self {
            leader,
            fault,
            points: 0,
            database: 0,
            hit: None,
            failing: HashSet::new(),
        }
    }

    /// Returns the exit code, unless it was killed.
    fn until_it_ends(&mut self) -> Option<i32> {
        let group = Pid::from_raw(-self.leader.as_raw());
        loop {
            match waitpid(group, Some(WaitPidFlag::__WALL)).unwrap() {
                WaitStatus::Exited(pid, code) if pid == self.leader => return Some(code),
                WaitStatus::Signaled(pid, ..) if pid == self.leader => return None,
                WaitStatus::PtraceSyscall(thread) => {
                    self.syscall(thread);
                    resume(thread, None);
                }
                WaitStatus::PtraceEvent(thread, ..) => resume(thread, None),
                WaitStatus::Stopped(thread, signal) => resume(thread, Some(signal)),
                _ => {}
            }
        }
    }

    /// A thread enters a call, or leaves one.
    fn syscall(&mut self, thread: Pid) {
        // It may just have been killed.
        let Ok(mut registers) = ptrace::getregs(thread) else {
            return;
        };
        if self.failing.remove(&thread) {
            registers.rax = (-i64::from(libc::ENOSPC)).cast_unsigned();
            ptrace::setregs(thread, registers).unwrap();
            return;
        }
        // What the kernel shows on entry, and no call returns.
        if registers.rax.cast_signed() != -i64::from(libc::ENOSYS) {
            return;
        }
        let Some(call) = Call::of(thread, &registers) else {
            return;
        };
        match self.fault {
            Fault::Kill(at) => {
                if self.counts(&call) && self.points == at {
                    self.hit = Some(call.to_string());
                    kill(self.leader, Signal::SIGKILL).unwrap();
                }
            }
            Fault::Full(at, below) => {
                if !call.needs_room || !Path::new(&call.target).starts_with(below) {
                    return;
                }
                // Once it is full, every call fails, counted or not.
                let counts = self.counts(&call);
                if self.hit.is_some() || (counts && self.points >= at) {
                    self.hit.get_or_insert(call.to_string());
                    self.failing.insert(thread);
                    // No such call: nothing is done, and the answer is replaced when it comes.
                    registers.orig_rax = u64::MAX;
                    ptrace::setregs(thread, registers).unwrap();
                }
            }
        }
    }

    fn counts(&mut self, call: &Call) -> bool {
        if call.is_of_database() {
            self.database += 1;
            if self.database % DATABASE != 1 {
                return false;
            }
        }
        self.points += 1;
        true
    }
}

fn resume(thread: Pid, signal: Option<Signal>) {
    match ptrace::syscall(thread, signal) {
        Ok(()) | Err(Errno::ESRCH) => {}
        Err(error) => panic!("a thread cannot be resumed: {error}"),
    }
}

/// A call that changes something outside the program.
struct Call {
    name: &'static str,
    /// The file, `socket` or `stdout`.
    target: String,
    needs_room: bool,
}

impl std::fmt::Display for Call {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.name, self.target)
    }
}

impl Call {
    /// The call that a thread enters, if it matters.
    fn of(thread: Pid, registers: &libc::user_regs_struct) -> Option<Self> {
        let [first, second, third] = [registers.rdi, registers.rsi, registers.rdx];
        let on = |name, needs_room| {
            Some(Self {
                name,
                target: file_of(thread, first)?,
                needs_room,
            })
        };
        let at = |name, path, needs_room| {
            Some(Self {
                name,
                target: text(thread, path),
                needs_room,
            })
        };
        match registers.orig_rax.cast_signed() {
            libc::SYS_write => on("write", true),
            libc::SYS_writev => on("writev", true),
            libc::SYS_pwrite64 => on("pwrite64", true),
            libc::SYS_ftruncate => on("ftruncate", true),
            libc::SYS_sendto => on("sendto", false),
            libc::SYS_sendmsg => on("sendmsg", false),
            libc::SYS_fsync => on("fsync", false),
            libc::SYS_fdatasync => on("fdatasync", false),
            libc::SYS_rename => at("rename", second, false),
            libc::SYS_renameat | libc::SYS_renameat2 => at("rename", registers.r10, false),
            libc::SYS_link => at("link", second, true),
            libc::SYS_linkat => at("link", registers.r10, true),
            libc::SYS_unlink => at("unlink", first, false),
            libc::SYS_unlinkat => at("unlink", second, false),
            libc::SYS_mkdir => at("mkdir", first, true).filter(Self::is_new),
            libc::SYS_openat if third & libc::O_CREAT as u64 != 0 => {
                at("create", second, true).filter(Self::is_new)
            }
            _ => None,
        }
    }

    fn is_of_database(&self) -> bool {
        [".db", ".db-journal", ".db-wal", ".db-shm"]
            .iter()
            .any(|end| self.target.ends_with(end))
    }

    fn is_new(&self) -> bool {
        !Path::new(&self.target).exists()
    }
}

/// What a descriptor stands for, unless it is of no consequence, such as a pipe between threads.
fn file_of(thread: Pid, descriptor: u64) -> Option<String> {
    let link = fs::read_link(format!("/proc/{thread}/fd/{descriptor}")).ok()?;
    let link = link.to_string_lossy();
    match descriptor {
        1 => Some("stdout".to_owned()),
        2 => None,
        _ if link.starts_with("socket:") => Some("socket".to_owned()),
        _ if link.starts_with('/') && !link.starts_with("/dev/") => {
            Some(link.trim_end_matches(" (deleted)").to_owned())
        }
        _ => None,
    }
}

/// A path in the program's memory.
fn text(thread: Pid, at: u64) -> String {
    let mut bytes = [0; libc::PATH_MAX as usize];
    let memory = File::open(format!("/proc/{thread}/mem")).unwrap();
    let read = memory.read_at(&mut bytes, at).unwrap();
    let end = bytes[..read]
        .iter()
        .position(|byte| *byte == 0)
        .unwrap_or(read);
    String::from_utf8_lossy(&bytes[..end]).into_owned()
}

//! Profiles on disk: modes, locks, and files that are whole or absent.

use std::process::Command;

use super::*;
use crate::identity::Person;

const GOOD: &str = "correct horse battery staple";

fn profile(base: &Path) -> (Profile, RecoveryPhrase) {
    let phrase = RecoveryPhrase::from_entropy(&[3; 32]);
    let profile = Profiles::new(base)
        .create("ada", &phrase, &Passphrase::new(GOOD))
        .unwrap();
    (profile, phrase)
}

fn names_in(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn a_profile_is_made_found_and_unlocked() {
    let base = tempfile::tempdir().unwrap();
    let profiles = Profiles::new(base.path().join("not/yet"));
    assert_eq!(profiles.list().unwrap(), Vec::<String>::new());
    let phrase = RecoveryPhrase::generate().unwrap();
    let expected = Identity::from_phrase(&phrase).unwrap().account().address();
    for name in ["ada", "clinic-2"] {
        profiles
            .create(name, &phrase, &Passphrase::new(GOOD))
            .unwrap();
    }
    assert_eq!(profiles.list().unwrap(), ["ada", "clinic-2"]);
    let ada = profiles.get("ada").unwrap();
    assert_eq!(ada.address().unwrap(), expected);
    let identity = ada.unlock(&Passphrase::new(GOOD)).unwrap();
    assert_eq!(identity.account().address(), expected);
    let wrong = ada.unlock(&Passphrase::new("something else"));
    assert!(matches!(wrong, Err(IdentityError::KeystoreLocked)));
    assert!(matches!(
        profiles.get("bob"),
        Err(IdentityError::NotFound { .. })
    ));
    for bad in ["", "..", "a/b", "Ada", "a b", "ä", &"x".repeat(33)] {
        assert!(
            matches!(profiles.get(bad), Err(IdentityError::Invalid { .. })),
            "{bad:?}"
        );
    }
}

/// An existing keystore is never replaced, and a weak passphrase leaves nothing behind.
#[test]
fn creation_refuses_to_replace_and_to_protect_badly() {
    let base = tempfile::tempdir().unwrap();
    let (ada, _) = profile(base.path());
    let before = fs::read(ada.folder().join(KEYSTORE)).unwrap();
    let other = RecoveryPhrase::generate().unwrap();
    let again = Profiles::new(base.path()).create("ada", &other, &Passphrase::new(GOOD));
    assert!(matches!(again, Err(IdentityError::Exists { .. })));
    assert_eq!(fs::read(ada.folder().join(KEYSTORE)).unwrap(), before);
    let weak = Profiles::new(base.path()).create("bob", &other, &Passphrase::new("password1234"));
    assert!(matches!(weak, Err(IdentityError::WeakPassphrase(_))));
    assert!(!base.path().join("bob").exists());
}

/// Threat 31: files are the user's alone, and nothing is left aside.
#[cfg(unix)]
#[test]
fn files_are_private_and_nothing_is_left_aside() {
    use std::os::unix::fs::PermissionsExt;
    let base = tempfile::tempdir().unwrap();
    let (ada, _) = profile(base.path());
    ada.change_people(|book| book.add("Bob", None, Address::repeat_byte(1)).map(|_| ()))
        .unwrap();
    ada.change_passphrase(&Passphrase::new(GOOD), &Passphrase::new("vZ8#qL!m2@Wx7"))
        .unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(ada.folder()), 0o700);
    assert_eq!(names_in(ada.folder()), ["keystore", "lock", "people.json"]);
    for name in names_in(ada.folder()) {
        assert_eq!(mode(&ada.folder().join(&name)), 0o600, "{name}");
    }
}

#[test]
fn a_changed_passphrase_opens_the_same_identity() {
    let base = tempfile::tempdir().unwrap();
    let (ada, phrase) = profile(base.path());
    let (old, new) = (Passphrase::new(GOOD), Passphrase::new("vZ8#qL!m2@Wx7"));
    let refused = ada.change_passphrase(&new, &new);
    assert!(matches!(refused, Err(IdentityError::KeystoreLocked)));
    ada.change_passphrase(&old, &new).unwrap();
    assert!(ada.unlock(&old).is_err());
    let expected = Identity::from_phrase(&phrase).unwrap().account().address();
    assert_eq!(ada.unlock(&new).unwrap().account().address(), expected);
}

#[test]
fn damaged_files_are_told_as_such() {
    let base = tempfile::tempdir().unwrap();
    let (ada, _) = profile(base.path());
    fs::write(ada.folder().join(PEOPLE), "{\"version\":1,\"people\":[{]}").unwrap();
    assert!(matches!(ada.people(), Err(IdentityError::Damaged { .. })));
    let changed = ada.change_people(|_| Ok(()));
    assert!(matches!(changed, Err(IdentityError::Damaged { .. })));
    let keystore = ada.folder().join(KEYSTORE);
    fs::write(&keystore, vec![0; 1 << 20]).unwrap();
    assert!(matches!(ada.address(), Err(IdentityError::Damaged { .. })));
    fs::write(&keystore, b"CHSEALKS").unwrap();
    assert!(matches!(
        ada.address(),
        Err(IdentityError::KeystoreFormat(_))
    ));
}

/// A change that fails, and one whose file cannot be written, leave the old book.
#[test]
fn a_failed_change_leaves_the_old_book() {
    let base = tempfile::tempdir().unwrap();
    let (ada, _) = profile(base.path());
    let add = |name: &str, byte| {
        ada.change_people(|book| book.add(name, None, Address::repeat_byte(byte)).map(|_| ()))
    };
    add("Bob", 1).unwrap();
    assert!(matches!(add("bob", 2), Err(IdentityError::Exists { .. })));
    let before = ada.people().unwrap();
    let target = ada.folder().join(PEOPLE);
    fs::remove_file(&target).unwrap();
    fs::create_dir_all(target.join("in the way")).unwrap();
    let written = files::write(&target, b"{}", Publish::Replace);
    assert!(matches!(written, Err(IdentityError::File { .. })));
    assert_eq!(names_in(ada.folder()), ["keystore", "lock", "people.json"]);
    assert_eq!(before.people().len(), 1);
}

const CHILD: &str = "CHARTSEAL_TEST_CHILD";

/// Threat 28: sixteen processes on one profile end as if they had come one after the other.
#[test]
fn sixteen_processes_change_one_book_in_some_serial_order() {
    if let Ok(child) = std::env::var(CHILD) {
        return add_as_child(&child);
    }
    let base = tempfile::tempdir().unwrap();
    let (ada, _) = profile(base.path());
    let test = "identity::profile::tests::sixteen_processes_change_one_book_in_some_serial_order";
    let children: Vec<_> = (0..16_u8)
        .map(|i| {
            Command::new(std::env::current_exe().unwrap())
                .args(["--exact", test])
                .env(CHILD, format!("{i}:{}", base.path().display()))
                .stdout(std::process::Stdio::null())
                .spawn()
                .unwrap()
        })
        .collect();
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    let people = ada.people().unwrap();
    assert_eq!(people.people().len(), 16 * 8);
    assert!(
        people
            .people()
            .iter()
            .is_sorted_by_key(|person: &Person| person.name.to_lowercase())
    );
    ada.unlock(&Passphrase::new(GOOD)).unwrap();
}

fn add_as_child(task: &str) {
    let (number, base) = task.split_once(':').unwrap();
    let number: u8 = number.parse().unwrap();
    let ada = Profiles::new(base).get("ada").unwrap();
    for i in 0..8 {
        let address = Address::with_last_byte(number * 8 + i + 1);
        let name = format!("person {number}-{i}");
        ada.change_people(|book| book.add(&name, None, address).map(|_| ()))
            .unwrap();
    }
}

/// Threat 28: of sixteen that make one profile at once, one succeeds and the others are told.
#[test]
fn one_of_sixteen_creations_wins() {
    let base = tempfile::tempdir().unwrap();
    let outcomes: Vec<bool> = std::thread::scope(|scope| {
        let create = |i: u8| {
            let phrase = RecoveryPhrase::from_entropy(&[i; 32]);
            let made = Profiles::new(base.path()).create("ada", &phrase, &Passphrase::new(GOOD));
            assert!(matches!(made, Ok(_) | Err(IdentityError::Exists { .. })));
            made.is_ok()
        };
        let threads: Vec<_> = (0..16).map(|i| scope.spawn(move || create(i))).collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect()
    });
    assert_eq!(outcomes.iter().filter(|&&won| won).count(), 1);
    Profiles::new(base.path())
        .get("ada")
        .unwrap()
        .unlock(&Passphrase::new(GOOD))
        .unwrap();
}

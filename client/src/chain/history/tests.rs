//! Lists from histories of a chain in memory: growth, reorganisations, hostile nodes, damaged files.

mod batches;

use alloy::primitives::{Address, B256, Bytes, keccak256};
use alloy::sol_types::SolEvent;

use super::*;
use crate::chain::abi::IRegistry as abi;
use crate::chain::fake::Fake;
use crate::chain::registry::{Connection as Reach, Registry};
use crate::chain::values::{AccessLevel, ObjectDigest, Purpose, Role};
use crate::chain::{Event, Page};

const REGISTRY: Address = Address::repeat_byte(9);
const OWNER: Address = Address::repeat_byte(1);
const DOCTOR: Address = Address::repeat_byte(2);
const OTHER: Address = Address::repeat_byte(3);
const ALL: Page = Page {
    after: None,
    limit: u32::MAX,
};

fn id(byte: u8) -> B256 {
    B256::repeat_byte(byte)
}

fn info(byte: u8) -> Bytes {
    vec![byte; 128].into()
}

struct Bench {
    chain: Fake,
    registry: Registry,
    history: History,
    folder: tempfile::TempDir,
}

impl Bench {
    async fn new() -> Self {
        let (chain, folder) = (Fake::new(), tempfile::tempdir().unwrap());
        let deployment = Deployment {
            chain: 412_346,
            registry: REGISTRY,
            code_hash: keccak256(b"code"),
            block: 0,
        };
        let reach = Reach::to("http://fake".parse().unwrap());
        let seen = folder.path().join("seen.db");
        let registry = Registry::over(deployment, chain.node(), None, &reach, &seen)
            .await
            .unwrap();
        let history = History::open(folder.path(), &deployment).unwrap();
        Self {
            chain,
            registry,
            history,
            folder,
        }
    }

    fn emit<E: SolEvent>(&self, event: E) {
        self.chain.emit(REGISTRY, &[event]);
    }

    fn add(&self, byte: u8) {
        self.emit(abi::RecordAdded {
            id: id(byte),
            owner: OWNER,
            digest: ObjectDigest::repeat_byte(byte),
            sealedInfo: info(byte),
        });
    }

    fn grant(&self, record: u8, user: Address) {
        self.emit(abi::Granted {
            id: id(record),
            user,
            access: 1,
            purpose: 1,
            expires: 0,
            epoch: 4,
            keyVersion: 2,
        });
    }

    fn request(&self, record: u8, user: Address) {
        self.emit(abi::AccessRequested {
            id: id(record),
            user,
            owner: OWNER,
            access: 1,
            purpose: 5,
            sealedNote: info(7),
        });
    }

    async fn sync(&self) -> SyncReport {
        self.history.sync(&self.registry, |_| ()).await.unwrap()
    }

    fn reopen(&mut self) {
        self.history = History::open(self.folder.path(), self.registry.deployment()).unwrap();
    }

    fn records(&self) -> Vec<(B256, u32, u32, bool)> {
        let records = self.history.records_of(OWNER, ALL).unwrap();
        records
            .iter()
            .map(|r| (r.record, r.version, r.epoch, r.removed))
            .collect()
    }
}

#[tokio::test]
async fn a_record_follows_its_events() {
    let bench = Bench::new().await;
    bench.add(1);
    bench.emit(abi::RecordDeposited {
        id: id(2),
        owner: OWNER,
        depositor: DOCTOR,
        digest: ObjectDigest::repeat_byte(2),
        sealedInfo: info(2),
    });
    bench.emit(abi::RecordUpdated {
        id: id(1),
        author: DOCTOR,
        version: 2,
        digest: ObjectDigest::repeat_byte(3),
        sealedInfo: info(3),
    });
    bench.emit(abi::RecordRekeyed {
        id: id(1),
        version: 3,
        epoch: 1,
        digest: ObjectDigest::repeat_byte(4),
        sealedInfo: info(4),
    });
    bench.emit(abi::RecordUpdated {
        id: id(1),
        author: OWNER,
        version: 4,
        digest: ObjectDigest::repeat_byte(5),
        sealedInfo: info(5),
    });
    assert_eq!(
        bench.sync().await,
        SyncReport {
            to: 5,
            added: 5,
            taken_back: 0
        }
    );
    assert_eq!(
        bench.records(),
        [(id(1), 4, 1, false), (id(2), 1, 0, false)]
    );
    let records = bench.history.records_of(OWNER, ALL).unwrap();
    assert_eq!((records[0].creator, records[1].creator), (OWNER, DOCTOR));
    assert_eq!(
        (records[0].content.digest, &records[0].content.sealed_info),
        (ObjectDigest::repeat_byte(5), &info(5))
    );
    assert_eq!((records[0].added.block, records[0].changed.block), (1, 5));
    assert_eq!(records[0].changed.timestamp, 1_700_000_005);
    bench.emit(abi::RecordRemoved { id: id(2) });
    bench.sync().await;
    assert_eq!(bench.records(), [(id(1), 4, 1, false), (id(2), 1, 0, true)]);
    let page = Page::after(records[0].added, 5);
    assert_eq!(
        bench.history.records_of(OWNER, page).unwrap()[0].record,
        id(2)
    );
    assert_eq!(
        bench
            .history
            .records_of(OWNER, Page::first(1))
            .unwrap()
            .len(),
        1
    );
    assert_eq!(
        bench.history.records_with_prefix(&[1, 1], 9).unwrap()[0].record,
        id(1)
    );
    assert!(
        bench
            .history
            .records_with_prefix(&[1, 2], 9)
            .unwrap()
            .is_empty()
    );
    assert_eq!(bench.history.record(id(9)).unwrap(), None);
}

#[tokio::test]
async fn grants_follow_their_events() {
    let bench = Bench::new().await;
    bench.add(1);
    bench.grant(1, OWNER); // as a deposit does, to its owner
    bench.grant(1, DOCTOR);
    bench.grant(1, OTHER);
    bench.emit(abi::AccessUpdated {
        id: id(1),
        user: DOCTOR,
        access: 2,
        purpose: 3,
        expires: 77,
    });
    bench.emit(abi::Revoked {
        id: id(1),
        user: OTHER,
    });
    bench.sync().await;
    let grants = bench.history.grants_of(id(1)).unwrap();
    assert_eq!(grants.len(), 1);
    let grant = grants[0];
    assert_eq!(
        (grant.user, grant.level, grant.purpose),
        (DOCTOR, AccessLevel::All, Purpose::Payment)
    );
    assert_eq!(
        (grant.expires, grant.epoch, grant.key_version),
        (Some(77), 4, 2)
    );
    let shared = bench.history.shared_with(DOCTOR, ALL).unwrap();
    assert_eq!(
        shared
            .iter()
            .map(|(r, g)| (r.record, *g))
            .collect::<Vec<_>>(),
        [(id(1), grant)]
    );
    assert!(bench.history.shared_with(OTHER, ALL).unwrap().is_empty());
    assert!(bench.history.shared_with(OWNER, ALL).unwrap().is_empty());
}

#[tokio::test]
async fn a_request_is_open_until_it_is_settled() {
    let bench = Bench::new().await;
    for record in 1..=5 {
        bench.add(record);
        bench.request(record, DOCTOR);
    }
    bench.request(1, DOCTOR); // replaces the first
    bench.emit(abi::RequestWithdrawn {
        id: id(2),
        user: DOCTOR,
    });
    bench.emit(abi::RequestDenied {
        id: id(3),
        user: DOCTOR,
    });
    bench.grant(4, DOCTOR);
    bench.emit(abi::RecordRemoved { id: id(5) });
    bench.sync().await;
    let open = bench.history.requests_to(OWNER, ALL).unwrap();
    assert_eq!(
        open.iter().map(|r| (r.record, r.user)).collect::<Vec<_>>(),
        [(id(1), DOCTOR)]
    );
    assert_eq!(open[0].sealed_note, info(7));
    assert_eq!(bench.history.requests_by(DOCTOR, ALL).unwrap(), open);
    assert!(bench.history.requests_by(OTHER, ALL).unwrap().is_empty());
    bench.request(4, DOCTOR); // asks for more than was granted
    bench.sync().await;
    assert_eq!(bench.history.requests_to(OWNER, ALL).unwrap().len(), 2);
}

#[tokio::test]
async fn people_follow_their_events() {
    let bench = Bench::new().await;
    bench.emit(abi::Registered {
        user: DOCTOR,
        role: 2,
        keyVersion: 1,
        keyOdd: false,
        keyX: id(1),
    });
    bench.emit(abi::Registered {
        user: OTHER,
        role: 1,
        keyVersion: 1,
        keyOdd: false,
        keyX: id(2),
    });
    bench.emit(abi::KeyRotated {
        user: DOCTOR,
        keyVersion: 2,
        keyOdd: true,
        keyX: id(3),
    });
    bench.emit(abi::Deregistered { user: OTHER });
    bench.emit(abi::Vouched {
        voucher: OWNER,
        user: DOCTOR,
        role: 2,
        expires: 0,
    });
    bench.emit(abi::Vouched {
        voucher: OTHER,
        user: DOCTOR,
        role: 3,
        expires: 9,
    });
    bench.emit(abi::VouchWithdrawn {
        voucher: OWNER,
        user: DOCTOR,
    });
    bench.emit(abi::DepositsAllowed {
        owner: OWNER,
        depositor: DOCTOR,
        expires: 5,
    });
    bench.emit(abi::DepositsAllowed {
        owner: OWNER,
        depositor: OTHER,
        expires: 0,
    });
    bench.emit(abi::DepositsDisallowed {
        owner: OWNER,
        depositor: OTHER,
    });
    bench.sync().await;
    let users = bench.history.users().unwrap();
    assert_eq!(users.len(), 1);
    assert_eq!(
        (users[0].user, users[0].role, users[0].key_version),
        (DOCTOR, Role::Doctor, 2)
    );
    assert_eq!((users[0].key.x, users[0].key.odd), (id(3), true));
    let vouches = bench.history.vouches_for(DOCTOR).unwrap();
    assert_eq!(
        vouches
            .iter()
            .map(|v| (v.voucher, v.role, v.expires))
            .collect::<Vec<_>>(),
        [(OTHER, Role::Pharmacist, Some(9))]
    );
    assert_eq!(bench.history.vouches_by(OTHER).unwrap(), vouches);
    let rights = bench.history.depositors_of(OWNER).unwrap();
    assert_eq!(
        rights
            .iter()
            .map(|r| (r.depositor, r.expires))
            .collect::<Vec<_>>(),
        [(DOCTOR, Some(5))]
    );
}

#[tokio::test]
async fn the_audit_has_everything_in_order() {
    let bench = Bench::new().await;
    bench.add(1);
    bench.grant(1, DOCTOR);
    bench.emit(abi::AccessLogged {
        id: id(1),
        user: DOCTOR,
        purpose: 1,
        version: 1,
    });
    bench.add(2);
    bench.sync().await;
    let trail = bench.history.audit(Subject::Record(id(1)), ALL).unwrap();
    assert_eq!(
        trail.iter().map(|o| o.at.block).collect::<Vec<_>>(),
        [1, 2, 3]
    );
    assert!(matches!(
        trail[2].event,
        Event::AccessLogged {
            user: DOCTOR,
            version: 1,
            ..
        }
    ));
    let rest = bench
        .history
        .audit(Subject::Record(id(1)), Page::after(trail[0].at, 1))
        .unwrap();
    assert_eq!(rest, trail[1..2]);
    assert_eq!(
        bench.history.audit(Subject::User(DOCTOR), ALL).unwrap(),
        trail[1..]
    );
    assert_eq!(
        bench
            .history
            .audit(Subject::User(OWNER), ALL)
            .unwrap()
            .len(),
        2
    );
}

#[tokio::test]
async fn a_reorganisation_rolls_back() {
    let bench = Bench::new().await;
    bench.add(1);
    bench.sync().await;
    bench.emit(abi::RecordUpdated {
        id: id(1),
        author: OWNER,
        version: 2,
        digest: ObjectDigest::repeat_byte(3),
        sealedInfo: info(3),
    });
    bench.add(2);
    bench.sync().await;
    assert_eq!(
        bench.records(),
        [(id(1), 2, 0, false), (id(2), 1, 0, false)]
    );
    bench.chain.reorganise(2);
    bench.add(3);
    bench.chain.mine(Vec::new());
    let report = bench.sync().await;
    assert_eq!(
        report,
        SyncReport {
            to: 3,
            added: 1,
            taken_back: 2
        }
    );
    assert_eq!(
        bench.records(),
        [(id(1), 1, 0, false), (id(3), 1, 0, false)]
    );
    bench.chain.reorganise(4); // the whole chain but for its first block's number
    bench.chain.mine(Vec::new());
    bench.chain.mine(Vec::new());
    bench.chain.mine(Vec::new());
    bench.chain.mine(Vec::new());
    bench.sync().await;
    assert!(bench.records().is_empty());
}

#[tokio::test]
async fn ranges_shrink_until_the_node_answers() {
    let bench = Bench::new().await;
    for record in 1..=100 {
        bench.add(record);
    }
    bench.chain.state().most_logs = 7;
    assert_eq!(bench.sync().await.added, 100);
    assert_eq!(bench.records().len(), 100);
    let requests = bench.chain.state().log_requests;
    bench.sync().await;
    assert_eq!(
        bench.chain.state().log_requests,
        requests,
        "nothing is asked for twice"
    );
    bench.chain.state().most_logs = 0;
    bench.add(101);
    let error = bench
        .history
        .sync(&bench.registry, |_| ())
        .await
        .unwrap_err();
    assert!(matches!(error, ChainError::TooManyResults(_)), "{error:?}");
}

#[tokio::test]
async fn what_the_registry_cannot_have_emitted_is_refused() {
    for (topics, data) in [
        (vec![id(1)], Bytes::new()),
        (vec![abi::RecordRemoved::SIGNATURE_HASH], Bytes::new()),
        (
            vec![abi::RecordAdded::SIGNATURE_HASH, id(1), OWNER.into_word()],
            abi::RecordAdded {
                id: id(1),
                owner: OWNER,
                digest: ObjectDigest::repeat_byte(1),
                sealedInfo: vec![0; 1_025].into(),
            }
            .encode_data()
            .into(),
        ),
    ] {
        let bench = Bench::new().await;
        bench.chain.mine(vec![(REGISTRY, topics, data)]);
        let error = bench
            .history
            .sync(&bench.registry, |_| ())
            .await
            .unwrap_err();
        assert!(matches!(error, ChainError::Malformed(_)), "{error:?}");
        assert_eq!(bench.history.synced_to().unwrap(), None);
    }
}

#[tokio::test]
async fn a_damaged_file_is_made_anew() {
    let mut bench = Bench::new().await;
    for record in 1..=40 {
        bench.add(record);
    }
    bench.sync().await;
    let expected = bench.records();
    let path = bench.history.path.clone();
    let close = |bench: &mut Bench| {
        bench
            .history
            .read(|db| db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())))
            .unwrap();
        *bench.history.lock() = Connection::open_in_memory().unwrap();
    };
    close(&mut bench);
    let good = std::fs::read(&path).unwrap();
    for at in (0..good.len()).step_by(409) {
        let mut bad = good.clone();
        bad[at] ^= 0x5a;
        schema::delete(&path).unwrap();
        std::fs::write(&path, bad).unwrap();
        bench.reopen();
        // A query that meets damage empties the index and fails; after the next sync all is there again.
        let first = bench.history.records_of(OWNER, ALL);
        bench.sync().await;
        assert_eq!(bench.records(), expected, "byte {at}");
        if let Ok(found) = first {
            let found: Vec<_> = found
                .iter()
                .map(|r| (r.record, r.version, r.epoch, r.removed))
                .collect();
            assert!(
                found == expected || found.is_empty(),
                "byte {at}: a wrong list was trusted"
            );
        }
        close(&mut bench);
    }
    for bad in [b"no database".as_slice(), &[], &good[..good.len() / 2]] {
        schema::delete(&path).unwrap();
        std::fs::write(&path, bad).unwrap();
        bench.reopen();
        bench.sync().await;
        assert_eq!(bench.records(), expected);
        close(&mut bench);
    }
}

#[tokio::test]
async fn an_index_of_another_registry_or_version_is_made_anew() {
    let mut bench = Bench::new().await;
    bench.add(1);
    bench.sync().await;
    bench
        .history
        .read(|db| db.execute("UPDATE meta SET chain = 1", []))
        .unwrap();
    bench.reopen();
    assert_eq!(bench.history.synced_to().unwrap(), None);
    bench.sync().await;
    bench
        .history
        .read(|db| db.pragma_update(None, "user_version", 99))
        .unwrap();
    bench.reopen();
    assert_eq!(bench.history.synced_to().unwrap(), None);
    bench.sync().await;
    assert_eq!(bench.records().len(), 1);
}

#[tokio::test]
async fn two_processes_may_sync_at_once() {
    let bench = Bench::new().await;
    for record in 1..=30 {
        bench.add(record);
    }
    let second = History::open(bench.folder.path(), bench.registry.deployment()).unwrap();
    let (one, two) = tokio::join!(bench.sync(), second.sync(&bench.registry, |_| ()));
    assert_eq!(one.added + two.unwrap().added, 30);
    assert_eq!(bench.records().len(), 30);
}

#[tokio::test]
async fn ten_thousand_records_are_listed_in_order() {
    let mut bench = Bench::new().await;
    let name = |number: u32| B256::left_padding_from(&number.to_be_bytes());
    for block in 0..100_u32 {
        let added = |number: u32| abi::RecordAdded {
            id: name(block * 100 + number),
            owner: OWNER,
            digest: ObjectDigest::repeat_byte(1),
            sealedInfo: vec![7; 512].into(),
        };
        let events: Vec<_> = (0..100).map(added).collect();
        bench.chain.emit(REGISTRY, &events);
    }
    assert_eq!(bench.sync().await.added, 10_000);
    let began = std::time::Instant::now();
    bench.reopen();
    let opened = began.elapsed();
    let records = bench.history.records_of(OWNER, ALL).unwrap();
    eprintln!("opened in {opened:?}, listed after {:?}", began.elapsed());
    assert!(records.iter().map(|r| r.record).eq((0..10_000).map(name)));
}

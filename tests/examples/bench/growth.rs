//! How time grows with the number of records and of people: each item should cost the same.

use std::time::Instant;

use alloy::primitives::B256;
use chartseal::chain::{AccessLevel, Purpose, Role, record_id};
use chartseal::crypto::context::{ContentContext, KeyContext, RecordRef};
use chartseal::crypto::info::{self, RecordInfo};
use chartseal::records::{NewContent, Session, Share};
use chartseal_tests::chain::TestChain;
use chartseal_tests::registry::{IRegistry, word};
use chartseal_tests::world::World;

use super::node::Sender;
use super::report::{Cell, Table, median, millis};

/// Records that the user has when the list is measured.
const RECORDS: [u64; 4] = [100, 1_000, 10_000, 100_000];
/// People whom a record is shared with at a time.
const PEOPLE: [usize; 4] = [1, 10, 100, 1_000];
/// Lists per figure.
const LISTS: usize = 5;

/// Reading new events, and listing what the index has.
pub(super) async fn listing() -> Table {
    let world = World::new().await;
    let ada = world.user("ada", Role::Patient).await;
    let mut adding = Adding::new(&world, &ada).await;
    let mut table = Table::new(
        "Synchronising and listing a user's records",
        &[
            "records",
            "new",
            "first list, ms",
            "a new record, µs",
            "list again, ms",
            "a record, µs",
        ],
    );
    for records in RECORDS {
        let new = records - adding.added;
        adding.up_to(records).await;
        let begun = Instant::now();
        list(&ada, records).await;
        let first = millis(begun.elapsed());
        let mut again = Vec::with_capacity(LISTS);
        for _ in 0..LISTS {
            let begun = Instant::now();
            list(&ada, records).await;
            again.push(millis(begun.elapsed()));
        }
        let again = median(again);
        table.row([
            records.into(),
            new.into(),
            Cell::fixed(Some(first), 0),
            Cell::fixed(Some(1e3 * (first - again) / new as f64), 1),
            Cell::fixed(Some(again), 1),
            Cell::fixed(Some(1e3 * again / records as f64), 1),
        ]);
    }
    table.note("The first list also reads the new events from the node into the index. Every title is decrypted each time.");
    table
}

async fn list(user: &Session, records: u64) {
    let items = user.list().await.expect("a list");
    assert_eq!(items.len() as u64, records);
    assert!(items.iter().all(|item| item.title.is_some()));
}

/// Adds records of one user as fast as the node takes them.
struct Adding {
    sender: Sender,
    record: RecordRef,
    identity: chartseal::identity::Identity,
    owner: alloy::primitives::Address,
    added: u64,
}

impl Adding {
    async fn new(world: &World, user: &Session) -> Self {
        let chain = TestChain {
            url: world.url().to_owned(),
            key: B256::ZERO,
            node: None,
        };
        let identity = world.identity("ada");
        let secret = B256::from(*identity.account().expose_secret());
        let signer = alloy::signers::local::PrivateKeySigner::from_bytes(&secret);
        let provider = chain.provider(secret);
        let deployment = world.deployment();
        let registry = IRegistry::new(deployment.registry, provider.clone());
        Self {
            sender: Sender::new(provider, signer.expect("a key"), registry).await,
            record: RecordRef {
                chain_id: deployment.chain,
                contract: deployment.registry.into(),
                record_id: [0; 32],
            },
            identity,
            owner: user.me(),
            added: 0,
        }
    }

    async fn up_to(&mut self, records: u64) {
        while self.added < records {
            self.added += 1;
            let salt = word(self.added);
            let record = RecordRef {
                record_id: record_id(self.owner, self.owner, salt).into(),
                ..self.record
            };
            let key = self
                .identity
                .record_root()
                .record_key(&KeyContext { record, epoch: 0 });
            let context = ContentContext {
                record,
                epoch: 0,
                version: 1,
            };
            let info = RecordInfo {
                title: format!("Blood test {}", self.added),
                media_type: "application/fhir+json".into(),
                content_len: 1,
                locator: "file:///records".into(),
            };
            let sealed = info::seal(&info, &key, &context).expect("sealed info");
            self.sender.add(salt, sealed.into()).await;
        }
    }
}

/// Sharing one record with more and more people.
pub(super) async fn sharing() -> Table {
    let world = World::new().await;
    let ada = world.user("ada", Role::Patient).await;
    let crowd = world.crowd(PEOPLE.iter().sum()).await;
    let mut rest = crowd.as_slice();
    let mut table = Table::new(
        "Sharing a record",
        &[
            "people",
            "transactions",
            "gas a person",
            "ms",
            "a person, ms",
        ],
    );
    for people in PEOPLE {
        let (users, others) = rest.split_at(people);
        rest = others;
        let file = world.file(&format!("for-{people}"), b"content");
        let added = ada.add(&NewContent::file(&file)).await.expect("a record");
        let share = Share {
            id: added.id,
            users: users.to_vec(),
            level: AccessLevel::Read,
            purpose: Purpose::Treatment,
            expires: None,
            unvouched: true,
        };
        let begun = Instant::now();
        let shared = ada.share(&share).await.expect("shared");
        let took = millis(begun.elapsed());
        let gas: u64 = shared.receipts.iter().map(|receipt| receipt.gas_used).sum();
        table.row([
            people.into(),
            shared.receipts.len().into(),
            (gas / people as u64).into(),
            Cell::fixed(Some(took), 0),
            Cell::fixed(Some(took / people as f64), 2),
        ]);
    }
    table
}

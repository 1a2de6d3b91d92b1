//! Faults between signing and finality, each with exactly one transaction taking effect.

use std::time::Duration;

use alloy::primitives::{Address, B256, Bytes, U256};
use alloy::sol_types::SolError;
use serde_json::json;
use zeroize::Zeroizing;

use super::*;
use crate::chain::abi::IRegistry;
use crate::chain::fake::{Fake, SendFault};
use crate::chain::revert::Refusal;

struct Bench {
    chain: Fake,
    node: Node,
    account: Account,
    folder: tempfile::TempDir,
    policy: Policy,
}

impl Bench {
    fn new(confirmations: u64) -> Self {
        let chain = Fake::new();
        let policy = Policy {
            confirmations,
            patience: Duration::from_secs(20),
            poll: Duration::from_millis(1),
            ..Policy::default()
        };
        Self {
            node: chain.node(),
            chain,
            account: Account::from_secret(&Zeroizing::new([7; 32])).unwrap(),
            folder: tempfile::tempdir().unwrap(),
            policy,
        }
    }

    fn journal(&self) -> Journal {
        Journal::open(self.folder.path()).unwrap()
    }

    fn outbox<'a>(&'a self, journal: &'a Journal) -> Outbox<'a> {
        Outbox::new(&self.node, journal, &self.account, 412_346, self.policy)
    }

    /// Transactions of the account that took effect, by hash.
    fn effects(&self) -> Vec<B256> {
        let state = self.chain.state();
        let foreign = B256::repeat_byte(0xee);
        state
            .blocks
            .iter()
            .flat_map(|b| &b.transactions)
            .map(|tx| tx.0)
            .filter(|hash| *hash != foreign)
            .collect()
    }
}

fn action() -> Action {
    let data = Bytes::from_static(&[1, 2, 3, 4]);
    Action {
        what: "grant".into(),
        to: Some(Address::repeat_byte(1)),
        value: U256::ZERO,
        data,
    }
}

#[tokio::test]
async fn a_transaction_is_journalled_sent_and_final() {
    let bench = Bench::new(0);
    let journal = bench.journal();
    let outbox = bench.outbox(&journal);
    let entry = journal.begin(outbox.scope(), json!("share")).unwrap();
    let hash = outbox.submit(entry, &action()).await.unwrap();
    let outcomes = outbox.settle(entry).await.unwrap();
    assert_eq!(outcomes.len(), 1);
    assert_eq!((outcomes[0].hash, outcomes[0].block.number), (hash, 1));
    assert_eq!(
        outcomes[0].fee(),
        U256::from(21_000_u64) * U256::from(100_000_000_u64)
    );
    assert!(outcomes[0].failure.is_none());
    assert!(journal.entry(entry).unwrap().transactions[0].is_final);
    assert_eq!(bench.effects(), [hash]);
}

#[tokio::test]
async fn a_lost_reply_leads_to_one_transaction() {
    let bench = Bench::new(0);
    let journal = bench.journal();
    let outbox = bench.outbox(&journal);
    let entry = journal.begin(outbox.scope(), json!(null)).unwrap();
    bench.chain.state().faults.push_back(SendFault::ReplyLost);
    let error = outbox.submit(entry, &action()).await.unwrap_err();
    assert!(matches!(error, ChainError::Unreachable { .. }));
    drop(journal); // the process ends here, and another one goes on
    let journal = bench.journal();
    let outcomes = bench.outbox(&journal).settle(entry).await.unwrap();
    assert_eq!(bench.effects(), [outcomes[0].hash]);
}

#[tokio::test]
async fn a_lost_request_is_sent_again_byte_for_byte() {
    let bench = Bench::new(0);
    let journal = bench.journal();
    let outbox = bench.outbox(&journal);
    let entry = journal.begin(outbox.scope(), json!(null)).unwrap();
    bench
        .chain
        .state()
        .faults
        .extend([SendFault::RequestLost, SendFault::RequestLost]);
    outbox.submit(entry, &action()).await.unwrap_err();
    let signed = journal.entry(entry).unwrap().transactions[0].attempts[0]
        .raw
        .clone();
    drop(journal);
    let journal = bench.journal();
    bench.outbox(&journal).settle(entry).await.unwrap();
    assert_eq!(bench.chain.state().arrived, [signed]);
    assert_eq!(bench.effects().len(), 1);
}

#[tokio::test]
async fn a_later_operation_brings_an_earlier_one_along() {
    let bench = Bench::new(0);
    let journal = bench.journal();
    let outbox = bench.outbox(&journal);
    let first = journal.begin(outbox.scope(), json!(1)).unwrap();
    bench.chain.state().faults.push_back(SendFault::RequestLost);
    outbox.submit(first, &action()).await.unwrap_err();
    let second = journal.begin(outbox.scope(), json!(2)).unwrap();
    let hash = outbox.submit(second, &action()).await.unwrap();
    let earlier = outbox.settle(first).await.unwrap()[0].hash;
    assert_eq!(bench.effects(), [earlier, hash]);
}

#[tokio::test]
async fn several_in_flight_have_nonces_of_their_own() {
    let bench = Bench::new(0);
    let journal = bench.journal();
    let outbox = bench.outbox(&journal);
    let entry = journal.begin(outbox.scope(), json!(null)).unwrap();
    let call = action();
    let (a, b, c) = tokio::join!(
        outbox.submit(entry, &call),
        outbox.submit(entry, &call),
        outbox.submit(entry, &call)
    );
    assert_eq!(bench.effects(), [a.unwrap(), b.unwrap(), c.unwrap()]);
    let nonces: Vec<_> = journal
        .entry(entry)
        .unwrap()
        .transactions
        .iter()
        .map(|t| t.attempts[0].nonce)
        .collect();
    assert_eq!(nonces, [0, 1, 2]);
    assert_eq!(outbox.settle(entry).await.unwrap().len(), 3);
}

#[tokio::test]
async fn a_nonce_taken_elsewhere_leads_to_another_signing() {
    let bench = Bench::new(0);
    let journal = bench.journal();
    let outbox = bench.outbox(&journal);
    let entry = journal.begin(outbox.scope(), json!(null)).unwrap();
    bench.chain.state().faults.push_back(SendFault::NonceTaken);
    let hash = outbox.submit(entry, &action()).await.unwrap();
    outbox.settle(entry).await.unwrap();
    let attempts = journal.entry(entry).unwrap().transactions[0]
        .attempts
        .clone();
    assert_eq!(attempts.iter().map(|a| a.nonce).collect::<Vec<_>>(), [0, 1]);
    assert_eq!(bench.effects(), [hash]);
}

#[tokio::test]
async fn a_nonce_taken_while_waiting_leads_to_another_signing() {
    let bench = Bench::new(0);
    let journal = bench.journal();
    let outbox = bench.outbox(&journal);
    let entry = journal.begin(outbox.scope(), json!(null)).unwrap();
    bench
        .chain
        .state()
        .faults
        .extend([SendFault::RequestLost, SendFault::NonceTaken]);
    outbox.submit(entry, &action()).await.unwrap_err();
    let outcomes = outbox.settle(entry).await.unwrap();
    assert_eq!(bench.effects(), [outcomes[0].hash]);
    assert_eq!(
        journal.entry(entry).unwrap().transactions[0].attempts.len(),
        2
    );
}

#[tokio::test]
async fn a_fee_that_rose_is_offered_with_the_same_nonce() {
    let bench = Bench::new(0);
    let journal = bench.journal();
    let outbox = bench.outbox(&journal);
    let entry = journal.begin(outbox.scope(), json!(null)).unwrap();
    bench.chain.state().faults.push_back(SendFault::FeeRises);
    let hash = outbox.submit(entry, &action()).await.unwrap();
    let attempts = journal.entry(entry).unwrap().transactions[0]
        .attempts
        .clone();
    assert_eq!(attempts.iter().map(|a| a.nonce).collect::<Vec<_>>(), [0, 0]);
    assert_eq!(bench.effects(), [hash]);
}

#[tokio::test]
async fn a_price_above_the_limit_is_not_paid() {
    let mut bench = Bench::new(0);
    bench.policy.max_base_fee = Some(99_999_999);
    let journal = bench.journal();
    let outbox = bench.outbox(&journal);
    let entry = journal.begin(outbox.scope(), json!(null)).unwrap();
    let error = outbox.submit(entry, &action()).await.unwrap_err();
    assert!(matches!(
        error,
        ChainError::TooExpensive {
            price: 100_000_000,
            limit: 99_999_999
        }
    ));
    assert!(journal.entry(entry).unwrap().transactions.is_empty());
}

#[tokio::test]
async fn a_reorganisation_puts_it_back_and_it_is_sent_again() {
    let bench = Bench::new(3);
    let journal = bench.journal();
    let outbox = bench.outbox(&journal);
    let entry = journal.begin(outbox.scope(), json!(null)).unwrap();
    let hash = outbox.submit(entry, &action()).await.unwrap();
    outbox.inclusion(entry, 0).await.unwrap();
    let before = journal.entry(entry).unwrap().transactions[0].clone();
    assert!(before.included.is_some() && !before.is_final);
    bench.chain.reorganise(1);
    bench.chain.mine(Vec::new());
    assert!(bench.effects().is_empty());
    bench.chain.state().busy = true;
    let outcomes = outbox.settle(entry).await.unwrap();
    assert_eq!(bench.effects(), [hash]);
    assert_ne!(Some(outcomes[0].block), before.included);
    let state = bench.chain.state();
    assert_eq!(state.arrived.len(), 2);
    assert_eq!(state.arrived[0], state.arrived[1]);
}

#[tokio::test]
async fn what_is_not_final_in_time_stays_in_the_journal() {
    let mut bench = Bench::new(5);
    bench.policy.patience = Duration::from_millis(20);
    let journal = bench.journal();
    let outbox = bench.outbox(&journal);
    let entry = journal.begin(outbox.scope(), json!(null)).unwrap();
    let hash = outbox.submit(entry, &action()).await.unwrap();
    let error = outbox.settle(entry).await.unwrap_err();
    assert!(
        matches!(error, ChainError::NotFinal { hash: h, .. } if h == hash),
        "{error:?}"
    );
    bench.chain.state().busy = true;
    bench.policy.patience = Duration::from_secs(20);
    bench.outbox(&journal).settle(entry).await.unwrap();
    assert_eq!(bench.effects(), [hash]);
}

#[tokio::test]
async fn what_the_contract_refuses_is_never_signed() {
    let bench = Bench::new(0);
    let journal = bench.journal();
    let outbox = bench.outbox(&journal);
    let entry = journal.begin(outbox.scope(), json!(null)).unwrap();
    let conflict = IRegistry::VersionConflict {
        id: B256::repeat_byte(3),
        current: 7,
    };
    let data = conflict.abi_encode().into();
    bench.chain.state().answer = Err(("execution reverted".into(), data));
    let error = outbox.submit(entry, &action()).await.unwrap_err();
    let expected = Refusal(IRegistry::IRegistryErrors::VersionConflict(conflict));
    assert!(
        matches!(&error, ChainError::Refused(refusal) if *refusal == expected),
        "{error:?}"
    );
    assert!(journal.entry(entry).unwrap().transactions.is_empty());
    assert!(bench.effects().is_empty());
}

#[tokio::test]
async fn a_failure_on_the_chain_is_explained() {
    let bench = Bench::new(0);
    let journal = bench.journal();
    let outbox = bench.outbox(&journal);
    let entry = journal.begin(outbox.scope(), json!(null)).unwrap();
    let hash = outbox.submit(entry, &action()).await.unwrap();
    bench.chain.state().failing = true;
    let outcomes = outbox.settle(entry).await.unwrap();
    assert!(matches!(outcomes[0].failure, Some(ChainError::Failed(h)) if h == hash));
    let refusal = IRegistry::RecordIsRemoved {
        id: B256::repeat_byte(3),
    };
    bench.chain.state().answer = Err(("execution reverted".into(), refusal.abi_encode().into()));
    let outcomes = outbox.settle(entry).await.unwrap();
    assert!(matches!(outcomes[0].failure, Some(ChainError::Refused(_))));
}

#[tokio::test]
async fn a_plan_ends_where_a_step_fails() {
    let bench = Bench::new(0);
    let journal = bench.journal();
    let outbox = bench.outbox(&journal);
    let entry = journal.begin(outbox.scope(), json!(null)).unwrap();
    bench.chain.state().failing = true;
    let error = outbox
        .execute(entry, &[action(), action()])
        .await
        .unwrap_err();
    assert!(matches!(error, ChainError::Failed(_)), "{error:?}");
    assert_eq!(bench.effects().len(), 1);
}

#[tokio::test]
async fn an_entry_of_another_account_or_chain_is_left_alone() {
    let bench = Bench::new(0);
    let journal = bench.journal();
    let outbox = bench.outbox(&journal);
    for scope in [
        Scope {
            chain: 1,
            ..outbox.scope()
        },
        Scope {
            account: Address::ZERO,
            ..outbox.scope()
        },
    ] {
        let entry = journal.begin(scope, json!(null)).unwrap();
        let error = outbox.submit(entry, &action()).await.unwrap_err();
        assert!(matches!(error, ChainError::OtherEntry { entry: e, .. } if e == entry));
        assert!(matches!(
            outbox.settle(entry).await,
            Err(ChainError::OtherEntry { .. })
        ));
    }
}

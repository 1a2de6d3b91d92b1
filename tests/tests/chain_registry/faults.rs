//! Lost replies, reorganisations and old states on a running chain.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use chartseal::chain::{
    ChainError, Connection, Journal, Limits, NodeUrl, ObjectDigest, Policy, Role,
};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::world::{ALL, World, content, key, policy};

/// A door to a node that swallows the reply to the next transaction when it is armed.
async fn door(node: &NodeUrl) -> (NodeUrl, Arc<AtomicBool>) {
    let target = node
        .expose()
        .trim_start_matches("http://")
        .trim_end_matches('/')
        .to_owned();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap())
        .parse()
        .unwrap();
    let armed = Arc::new(AtomicBool::new(false));
    let trap = armed.clone();
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let server = TcpStream::connect(&target).await.unwrap();
            tokio::spawn(pass(client, server, trap.clone()));
        }
    });
    (url, armed)
}

async fn pass(client: TcpStream, server: TcpStream, trap: Arc<AtomicBool>) {
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let swallowing = Arc::new(AtomicBool::new(false));
    let flag = swallowing.clone();
    let requests = async move {
        let mut bytes = vec![0; 1 << 16];
        while let Ok(count @ 1..) = from_client.read(&mut bytes).await {
            let request = String::from_utf8_lossy(&bytes[..count]).into_owned();
            if request.contains("eth_sendRawTransaction") && trap.swap(false, Ordering::SeqCst) {
                flag.store(true, Ordering::SeqCst);
            }
            if to_server.write_all(&bytes[..count]).await.is_err() {
                break;
            }
        }
    };
    let replies = async move {
        let mut bytes = vec![0; 1 << 16];
        while let Ok(count @ 1..) = from_server.read(&mut bytes).await {
            if swallowing.load(Ordering::SeqCst)
                || to_client.write_all(&bytes[..count]).await.is_err()
            {
                break; // both halves are dropped: the connection ends without a reply
            }
        }
    };
    tokio::select! { () = requests => (), () = replies => () }
}

#[tokio::test]
async fn a_lost_reply_leads_to_one_version() {
    let world = World::new().await;
    let (url, armed) = door(&world.url).await;
    let limits = Limits {
        attempts: 1,
        ..Limits::default()
    };
    let person = world
        .stranger_with(&Connection {
            limits,
            policy: policy(),
            ..Connection::to(url)
        })
        .await;
    let calls = person.registry.calls();
    person.ok(calls.register(key(1), Role::Patient)).await;
    let id = person.add(1).await;

    let folder = person.folder.join("journal");
    let journal = Journal::open(&folder).unwrap();
    let entry = journal
        .begin(person.registry.scope(&person.account), json!("update"))
        .unwrap();
    armed.store(true, Ordering::SeqCst);
    let update = calls.update_record(id, 1, &content(2));
    let error = person
        .registry
        .submit(&journal, entry, &person.account, &update)
        .await
        .unwrap_err();
    assert!(matches!(error, ChainError::Unreachable { .. }), "{error:?}");
    drop(journal);

    let journal = Journal::open(&folder).unwrap();
    assert_eq!(journal.entry(entry).unwrap().payload, json!("update"));
    let outcomes = person
        .registry
        .settle(&journal, entry, &person.account)
        .await
        .unwrap();
    assert!(outcomes[0].failure.is_none());
    let record = person
        .registry
        .snapshot()
        .await
        .unwrap()
        .record(id)
        .await
        .unwrap();
    assert_eq!(
        (record.version, record.digest),
        (2, ObjectDigest::repeat_byte(2))
    );
}

#[tokio::test]
async fn with_retries_a_lost_reply_goes_unnoticed() {
    let world = World::new().await;
    let (url, armed) = door(&world.url).await;
    let person = world
        .stranger_with(&Connection {
            policy: policy(),
            ..Connection::to(url)
        })
        .await;
    person
        .ok(person.registry.calls().register(key(1), Role::Patient))
        .await;
    armed.store(true, Ordering::SeqCst);
    let id = person.add(1).await;
    assert!(!armed.load(Ordering::SeqCst));
    assert_eq!(
        person
            .registry
            .snapshot()
            .await
            .unwrap()
            .record(id)
            .await
            .unwrap()
            .version,
        1
    );
}

#[tokio::test]
async fn a_reorganisation_is_followed() {
    let world = World::new().await;
    let Some(devnode) = world.control() else {
        return;
    };
    let policy = Policy {
        confirmations: 2,
        ..policy()
    };
    let waiting = Connection {
        policy,
        ..world.connection()
    };
    let person = world.stranger().await;
    person
        .ok(person.registry.calls().register(key(1), Role::Patient))
        .await;
    let history = person.history().await;
    let late = world.stranger_with(&waiting).await;
    let journal = Journal::open(&late.folder.join("journal")).unwrap();
    let entry = journal
        .begin(late.registry.scope(&late.account), json!(null))
        .unwrap();
    let register = late.registry.calls().register(key(2), Role::Doctor);
    let hash = late
        .registry
        .submit(&journal, entry, &late.account, &register)
        .await
        .unwrap();
    history.sync(&person.registry, |_| ()).await.unwrap();
    assert_eq!(history.users().unwrap().len(), 2);

    devnode.change(|chain| chain.reorg(1)).unwrap().unwrap();
    let report = history.sync(&person.registry, |_| ()).await.unwrap();
    assert_eq!((report.taken_back, history.users().unwrap().len()), (1, 1));
    let settle = late.registry.settle(&journal, entry, &late.account);
    let mine = async {
        loop {
            tokio::time::sleep(Duration::from_millis(50)).await;
            devnode
                .change(|chain| chain.mine(1, None))
                .unwrap()
                .unwrap();
        }
    };
    let outcomes =
        tokio::select! { outcomes = settle => outcomes.unwrap(), () = mine => unreachable!() };
    assert_eq!(outcomes[0].hash, hash);
    history.sync(&person.registry, |_| ()).await.unwrap();
    assert_eq!(history.users().unwrap().len(), 2);
}

#[tokio::test]
async fn a_chain_set_back_is_refused() {
    let world = World::new().await;
    let Some(devnode) = world.control() else {
        return;
    };
    let patient = world.person(Role::Patient).await;
    let id = patient.add(1).await;
    let before = devnode.change(|chain| chain.snapshot()).unwrap();
    patient
        .ok(patient.registry.calls().update_record(id, 1, &content(2)))
        .await;
    assert!(devnode.change(move |chain| chain.revert(before)).unwrap());
    let error = patient
        .registry
        .snapshot()
        .await
        .unwrap()
        .record(id)
        .await
        .unwrap_err();
    assert!(
        matches!(
            error,
            ChainError::Stale {
                seen: 2,
                found: 1,
                ..
            }
        ),
        "{error:?}"
    );
}

#[tokio::test]
async fn two_nodes_that_agree_are_believed() {
    let world = World::new().await;
    let both = Connection {
        witness: Some(world.url.clone()),
        ..world.connection()
    };
    let patient = world.stranger_with(&both).await;
    patient
        .ok(patient.registry.calls().register(key(1), Role::Patient))
        .await;
    let id = patient.add(1).await;
    let now = patient.registry.snapshot().await.unwrap();
    assert_eq!(now.record(id).await.unwrap().owner, patient.address());
    assert_eq!(
        patient
            .history()
            .await
            .records_of(patient.address(), ALL)
            .unwrap()
            .len(),
        1
    );
}

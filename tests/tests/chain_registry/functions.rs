//! Every function and view, and what the index makes of the events.

use alloy_primitives::{B256, Bytes};
use chartseal::chain::{
    AccessLevel, AccessReason, Event, Grant, ObjectDigest, Purpose, RecordStatus, Role, Subject,
    record_id,
};

use super::world::{ALL, Person, World, content, key, wrapped};

fn grant(record: B256, to: &Person) -> Grant {
    Grant {
        record,
        user: to.address(),
        level: AccessLevel::Read,
        purpose: Purpose::Treatment,
        expires: None,
        epoch: 0,
        key: wrapped(1),
    }
}

#[tokio::test]
async fn users_register_rotate_vouch_and_leave() {
    let world = World::new().await;
    let (hospital, doctor) = (
        world.person(Role::Physician).await,
        world.person(Role::Doctor).await,
    );
    let calls = doctor.registry.calls();
    doctor.ok(calls.rotate_key(key(0x12))).await;
    hospital
        .ok(calls.vouch(doctor.address(), Role::Doctor, Some(4_000_000_000)))
        .await;

    let now = doctor.registry.snapshot().await.unwrap();
    let user = now.user(doctor.address()).await.unwrap().unwrap();
    assert_eq!(
        (user.role, user.key_version, user.first_key_version),
        (Role::Doctor, 2, 1)
    );
    assert_eq!(user.key, key(0x12));
    let both = now
        .users(&[doctor.address(), doctor.registry.deployment().registry])
        .await
        .unwrap();
    assert_eq!(both, [Some(user), None]);
    let pair = (hospital.address(), doctor.address());
    let vouch = now.vouch(pair.0, pair.1).await.unwrap().unwrap();
    assert_eq!(
        (vouch.role, vouch.expires),
        (Role::Doctor, Some(4_000_000_000))
    );
    assert_eq!(
        now.vouches(&[pair, (pair.1, pair.0)]).await.unwrap(),
        [Some(vouch), None]
    );

    let history = doctor.history().await;
    assert_eq!(history.users().unwrap().len(), 2);
    assert_eq!(
        history.vouches_for(doctor.address()).unwrap()[0].voucher,
        hospital.address()
    );
    hospital.ok(calls.withdraw_vouch(doctor.address())).await;
    doctor.ok(calls.deregister()).await;
    let now = doctor.registry.snapshot().await.unwrap();
    assert_eq!(now.user(doctor.address()).await.unwrap(), None);
    let history = doctor.history().await;
    assert!(history.vouches_by(hospital.address()).unwrap().is_empty());
    assert_eq!(
        history
            .users()
            .unwrap()
            .iter()
            .map(|u| u.user)
            .collect::<Vec<_>>(),
        [hospital.address()]
    );
}

#[tokio::test]
async fn a_record_is_added_shared_updated_rekeyed_and_removed() {
    let world = World::new().await;
    let (patient, doctor) = (
        world.person(Role::Patient).await,
        world.person(Role::Doctor).await,
    );
    let calls = patient.registry.calls();
    let id = patient.add(1).await;
    assert_eq!(
        id,
        record_id(patient.address(), patient.address(), B256::repeat_byte(1))
    );
    patient.ok(calls.grant(&grant(id, &doctor))).await;
    let until = Some(4_000_000_000);
    patient
        .ok(calls.update_access(
            id,
            doctor.address(),
            AccessLevel::All,
            Purpose::Research,
            until,
        ))
        .await;

    let now = doctor.registry.snapshot().await.unwrap();
    let access = now.access(id, doctor.address()).await.unwrap();
    assert_eq!(
        (access.level, access.reason),
        (Some(AccessLevel::All), AccessReason::Granted)
    );
    assert_eq!(
        (access.purpose, access.expires, access.key_version),
        (Some(Purpose::Research), until, 1)
    );
    let pairs = [
        (id, doctor.address()),
        (id, patient.address()),
        (B256::ZERO, doctor.address()),
    ];
    let reasons: Vec<_> = now
        .accesses(&pairs)
        .await
        .unwrap()
        .iter()
        .map(|a| a.reason)
        .collect();
    assert_eq!(
        reasons,
        [
            AccessReason::Granted,
            AccessReason::Owner,
            AccessReason::NoSuchRecord
        ]
    );
    let granted = now
        .wrapped_key(id, doctor.address())
        .await
        .unwrap()
        .unwrap();
    assert_eq!((granted.key, granted.epoch), (wrapped(1), 0));
    assert_eq!(
        now.wrapped_keys(&pairs).await.unwrap(),
        [Some(granted), None, None]
    );

    doctor.ok(calls.update_record(id, 1, &content(2))).await;
    doctor.ok(calls.log_access(id, Purpose::Research)).await;
    let kept = Grant {
        epoch: 1,
        ..grant(id, &doctor)
    };
    patient
        .run(&calls.rekey_record(id, 2, &content(3), &[kept]))
        .await
        .unwrap();
    let record = patient
        .registry
        .snapshot()
        .await
        .unwrap()
        .record(id)
        .await
        .unwrap();
    assert_eq!(
        (record.version, record.epoch, record.digest),
        (3, 1, ObjectDigest::repeat_byte(3))
    );
    patient.ok(calls.revoke(id, doctor.address())).await;
    patient
        .run(&calls.remove_record(id, &[doctor.address()]))
        .await
        .unwrap();

    let now = patient.registry.snapshot().await.unwrap();
    let records = now.records(&[id, B256::ZERO]).await.unwrap();
    assert_eq!(
        (records[0].status, records[1].status),
        (RecordStatus::Removed, RecordStatus::Unknown)
    );
    let history = patient.history().await;
    let entry = &history.records_of(patient.address(), ALL).unwrap()[0];
    assert_eq!(
        (entry.record, entry.version, entry.epoch, entry.removed),
        (id, 3, 1, true)
    );
    assert_eq!(entry.content.sealed_info, content(3).sealed_info);
    let trail = history.audit(Subject::Record(id), ALL).unwrap();
    assert_eq!(trail.len(), 9); // the new key is granted again by an event of its own
    assert!(
        matches!(trail[4].event, Event::AccessLogged { version: 2, .. }),
        "{:?}",
        trail[4]
    );
    assert!(
        matches!(trail[8].event, Event::RecordRemoved { .. }),
        "{:?}",
        trail[8]
    );
}

#[tokio::test]
async fn requests_are_made_withdrawn_denied_and_settled() {
    let world = World::new().await;
    let (patient, doctor) = (
        world.person(Role::Patient).await,
        world.person(Role::Researcher).await,
    );
    let calls = patient.registry.calls();
    let id = patient.add(1).await;
    let note = Bytes::from(vec![9; 512]);
    let ask = calls.request_access(id, AccessLevel::Read, Purpose::Research, note.clone());

    doctor.ok(ask.clone()).await;
    let now = patient.registry.snapshot().await.unwrap();
    let request = now.request(id, doctor.address()).await.unwrap().unwrap();
    assert_eq!(
        (request.level, request.purpose),
        (AccessLevel::Read, Purpose::Research)
    );
    assert_eq!(
        now.requests(&[(id, doctor.address()), (id, patient.address())])
            .await
            .unwrap(),
        [Some(request), None]
    );
    let open = patient
        .history()
        .await
        .requests_to(patient.address(), ALL)
        .unwrap();
    assert_eq!(
        (open[0].user, &open[0].sealed_note),
        (doctor.address(), &note)
    );
    assert_eq!(open[0].at.timestamp, request.requested_at);

    doctor.ok(calls.withdraw_request(id)).await;
    doctor.ok(ask.clone()).await;
    patient.ok(calls.deny_request(id, doctor.address())).await;
    assert!(
        patient
            .history()
            .await
            .requests_to(patient.address(), ALL)
            .unwrap()
            .is_empty()
    );
    doctor.ok(ask).await;
    patient.ok(calls.grant(&grant(id, &doctor))).await;
    let history = patient.history().await;
    assert!(
        history
            .requests_by(doctor.address(), ALL)
            .unwrap()
            .is_empty()
    );
    assert_eq!(
        history.shared_with(doctor.address(), ALL).unwrap()[0]
            .0
            .record,
        id
    );
}

#[tokio::test]
async fn a_doctor_deposits_for_a_patient() {
    let world = World::new().await;
    let (patient, doctor) = (
        world.person(Role::Patient).await,
        world.person(Role::Doctor).await,
    );
    let calls = patient.registry.calls();
    patient
        .ok(calls.allow_deposits(doctor.address(), None))
        .await;
    let now = patient.registry.snapshot().await.unwrap();
    let pair = (patient.address(), doctor.address());
    let right = now.deposit_right(pair.0, pair.1).await.unwrap();
    assert!(right.allowed && right.expires.is_none());
    assert_eq!(now.deposit_rights(&[pair]).await.unwrap(), [right]);

    let salt = B256::repeat_byte(4);
    let deposit = |salt, own| calls.deposit_record(pair.0, salt, &content(4), &wrapped(1), own);
    let own = wrapped(1);
    doctor.ok(deposit(salt, Some(&own))).await;
    doctor.ok(deposit(B256::repeat_byte(5), None)).await;
    patient.ok(calls.disallow_deposits(doctor.address())).await;

    let id = record_id(doctor.address(), patient.address(), salt);
    let history = patient.history().await;
    let records = history.records_of(patient.address(), ALL).unwrap();
    assert_eq!(records.len(), 2);
    assert_eq!(
        (records[0].record, records[0].creator, records[0].epoch),
        (id, doctor.address(), 0)
    );
    let grants = history.grants_of(id).unwrap();
    assert_eq!(
        grants.iter().map(|g| g.user).collect::<Vec<_>>(),
        [doctor.address()]
    );
    assert!(history.grants_of(records[1].record).unwrap().is_empty());
    assert!(history.depositors_of(patient.address()).unwrap().is_empty());
    let now = patient.registry.snapshot().await.unwrap();
    assert!(
        now.wrapped_key(id, patient.address())
            .await
            .unwrap()
            .is_some()
    );
}

#[tokio::test]
async fn a_hundred_people_take_two_transactions() {
    let world = World::new().await;
    let patient = world.person(Role::Patient).await;
    let id = patient.add(1).await;
    let mut people = Vec::new();
    for _ in 0..100 {
        people.push(world.person(Role::Doctor).await);
    }
    let grants: Vec<_> = people.iter().map(|person| grant(id, person)).collect();
    let outcomes = patient
        .run(&patient.registry.calls().grant_many(&grants))
        .await
        .unwrap();
    assert_eq!(outcomes.len(), 2);
    let pairs: Vec<_> = people.iter().map(|person| (id, person.address())).collect();
    let now = patient.registry.snapshot().await.unwrap();
    assert!(
        now.accesses(&pairs)
            .await
            .unwrap()
            .iter()
            .all(|a| a.reason == AccessReason::Granted)
    );
    assert_eq!(patient.history().await.grants_of(id).unwrap().len(), 100);
}

//! Refusals of the real contract, decoded.

use alloy_primitives::{B256, Bytes};
use chartseal::chain::{AccessLevel, ChainError, Content, Grant, Purpose, Refusal, Role};

use super::world::{World, content, wrapped};

/// The words of a refusal, both lines.
fn words(refusal: &Refusal) -> String {
    format!("{refusal} / {}", refusal.remedy())
}

#[tokio::test]
async fn refusals_say_what_happened_and_what_to_do() {
    let world = World::new().await;
    let (patient, doctor) = (
        world.person(Role::Patient).await,
        world.person(Role::Doctor).await,
    );
    let stranger = world.stranger().await;
    let calls = patient.registry.calls();
    let id = patient.add(1).await;
    let read = Grant {
        record: id,
        user: doctor.address(),
        level: AccessLevel::Read,
        purpose: Purpose::Treatment,
        expires: None,
        epoch: 0,
        key: wrapped(1),
    };
    let too_long = Content {
        sealed_info: Bytes::from(vec![0; 1_025]),
        ..content(2)
    };
    let cases = [
        (
            &stranger,
            calls.add_record(B256::ZERO, &content(1)),
            "is not registered",
        ),
        (
            &patient,
            calls.register(super::world::key(1), Role::Patient),
            "is registered already",
        ),
        (
            &patient,
            calls.add_record(B256::repeat_byte(1), &content(1)),
            "exists already",
        ),
        (
            &patient,
            calls.update_record(id, 7, &content(2)),
            "has version 1 now",
        ),
        (
            &patient,
            calls.update_record(id, 1, &too_long),
            "has 1025 bytes, at most 1024 fit",
        ),
        (
            &doctor,
            calls.update_record(id, 1, &content(2)),
            "nothing was granted",
        ),
        (
            &doctor,
            calls.revoke(id, patient.address()),
            "does not own record",
        ),
        (
            &patient,
            calls.revoke(id, doctor.address()),
            "holds no grant",
        ),
        (
            &patient,
            calls.grant(&Grant {
                user: stranger.address(),
                ..read
            }),
            "is not registered",
        ),
        (
            &patient,
            calls.grant(&Grant {
                user: patient.address(),
                ..read
            }),
            "to themselves",
        ),
        (
            &patient,
            calls.grant(&Grant { epoch: 3, ..read }),
            "of epoch 0",
        ),
        (
            &patient,
            calls.grant(&Grant {
                key: wrapped(9),
                ..read
            }),
            "has version 1 now",
        ),
        (
            &patient,
            calls.grant(&Grant {
                expires: Some(1),
                ..read
            }),
            "in the past",
        ),
        (
            &doctor,
            calls.log_access(B256::repeat_byte(9), Purpose::Legal),
            "there is no record",
        ),
        (
            &patient,
            calls.deny_request(id, doctor.address()),
            "no open request",
        ),
        (
            &doctor,
            calls.withdraw_vouch(patient.address()),
            "does not vouch",
        ),
        (
            &doctor,
            calls.deposit_record(
                patient.address(),
                B256::ZERO,
                &content(1),
                &wrapped(1),
                None,
            ),
            "may not deposit",
        ),
    ];
    for (who, action, expected) in cases {
        let what = action.what.clone();
        let text = words(&who.refused(action).await);
        assert!(text.contains(expected), "{what}: {text}");
    }
    patient.ok(calls.grant(&read)).await;
    let text = words(
        &doctor
            .refused(calls.log_access(id, Purpose::Research))
            .await,
    );
    assert!(
        text.contains("granted for treatment, not for research"),
        "{text}"
    );
    let text = words(
        &doctor
            .refused(calls.update_record(id, 1, &content(2)))
            .await,
    );
    assert!(text.contains("they may only read it"), "{text}");
    patient.run(&calls.remove_record(id, &[])).await.unwrap();
    let text = words(
        &patient
            .refused(calls.update_record(id, 1, &content(2)))
            .await,
    );
    assert!(text.contains("was removed"), "{text}");
}

#[tokio::test]
async fn an_account_without_ether_is_told_so() {
    let world = World::new().await;
    let rich = world.stranger().await;
    let mut action = rich
        .registry
        .calls()
        .register(super::world::key(1), Role::Patient);
    action = chartseal::chain::Action {
        to: Some(rich.address()),
        data: Bytes::new(),
        ..action
    };
    action.value = alloy_primitives::U256::from(10).pow(alloy_primitives::U256::from(30));
    let error = rich.run(&[action]).await.unwrap_err();
    assert!(
        matches!(error, ChainError::InsufficientFunds(_)),
        "{error:?}"
    );
    assert!(error.remedy().contains("ether"));
}

#[tokio::test]
async fn of_sixteen_writers_one_succeeds() {
    let world = World::new().await;
    let patient = world.person(Role::Patient).await;
    let calls = patient.registry.calls();
    let id = patient.add(1).await;
    let (mut writers, mut grants) = (Vec::new(), Vec::new());
    for _ in 0..16 {
        let writer = world.person(Role::Doctor).await;
        grants.push(Grant {
            record: id,
            user: writer.address(),
            level: AccessLevel::All,
            purpose: Purpose::Treatment,
            expires: None,
            epoch: 0,
            key: wrapped(1),
        });
        writers.push(writer);
    }
    patient.run(&calls.grant_many(&grants)).await.unwrap();
    let mut attempts = tokio::task::JoinSet::new();
    for (number, writer) in writers.into_iter().enumerate() {
        let update = calls.update_record(id, 1, &content(number as u8 + 2));
        attempts.spawn(async move { writer.run(&[update]).await.map(drop) });
    }
    let results = attempts.join_all().await;
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1);
    for error in results.into_iter().filter_map(Result::err) {
        assert!(error.to_string().contains("has version 2 now"), "{error:?}");
    }
    let record = patient
        .registry
        .snapshot()
        .await
        .unwrap()
        .record(id)
        .await
        .unwrap();
    assert_eq!(record.version, 2);
}

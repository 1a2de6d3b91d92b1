//! The scheme's scenario from the first registration to the last audit, through the library.

use std::fs;
use std::path::Path;

use chartseal::chain::{AccessLevel, AccessReason, Purpose, Role};
use chartseal::crypto::CryptoError;
use chartseal::records::{
    Approval, Deposit, NewContent, NewTerms, Obstacle, Open, Opened, RecordsError, Session, Share,
    Target, Update,
};
use chartseal_tests::world::{World, content};

fn share(id: alloy_primitives::B256, with: &[&Session]) -> Share {
    Share {
        id,
        users: with.iter().map(|user| user.me()).collect(),
        level: AccessLevel::Read,
        purpose: Purpose::Treatment,
        expires: None,
        unvouched: true,
    }
}

async fn open(
    session: &Session,
    id: alloy_primitives::B256,
    target: &Path,
    log: Option<Purpose>,
) -> Result<Opened, RecordsError> {
    session
        .open(&Open {
            id,
            target: Target::File(target.to_owned()),
            force: true,
            log,
        })
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_whole_scenario() {
    let world = World::new().await;
    let patient = world.user("patient", Role::Patient).await;
    let doctor = world.user("doctor", Role::Doctor).await;
    let pharmacist = world.user("pharmacist", Role::Pharmacist).await;
    let researcher = world.user("researcher", Role::Researcher).await;
    let hospital = world.user("hospital", Role::Physician).await;
    hospital
        .vouch(doctor.me(), Role::Doctor, None)
        .await
        .unwrap();

    // The patient's address book.
    let book = patient.profile();
    book.change_people(|people| {
        people.add("Dr. Ada", None, doctor.me())?;
        people.add("Pharmacy", None, pharmacist.me())?;
        people.add("Hospital", None, hospital.me())?;
        people.set_trusted_voucher(&hospital.me(), true)
    })
    .unwrap();
    assert_eq!(patient.find_person("dr. ada").unwrap().address, doctor.me());

    // Three records.
    let bundle = br#"{"resourceType":"Bundle","type":"document"}"#.to_vec();
    let images = content(3 << 20);
    let mut fhir = NewContent::file(world.file("bundle.json", &bundle));
    fhir.media_type = Some("application/fhir+json".into());
    fhir.title = Some("Discharge letter".into());
    let fhir = patient.add(&fhir).await.unwrap();
    let scan = patient
        .add(&NewContent::file(world.file("scan.dcm", &images)))
        .await
        .unwrap();
    patient
        .add(&NewContent::file(world.file("report.pdf", b"%PDF-1.7")))
        .await
        .unwrap();
    assert_eq!((fhir.version, fhir.receipts.len()), (1, 1));
    let list = patient.list().await.unwrap();
    let titles: Vec<_> = list
        .iter()
        .map(|item| item.title.as_deref().unwrap())
        .collect();
    assert_eq!(titles, ["Discharge letter", "scan.dcm", "report.pdf"]);
    assert_eq!(list[2].media_type.as_deref(), Some("application/pdf"));
    assert_eq!(
        patient.find_record("discharge LETTER").await.unwrap(),
        fhir.id
    );
    assert_eq!(
        patient
            .find_record(&format!("{:x}", scan.id)[..10])
            .await
            .unwrap(),
        scan.id
    );

    // The doctor may write, the pharmacist read for a while.
    let all = Share {
        level: AccessLevel::All,
        unvouched: false,
        ..share(fhir.id, &[&doctor])
    };
    patient.share(&all).await.unwrap();
    let ends = now() + 3600;
    let blocked = patient
        .share(&Share {
            unvouched: false,
            ..share(fhir.id, &[&pharmacist])
        })
        .await;
    assert!(
        matches!(&blocked, Err(RecordsError::Blocked(o)) if matches!(o[..], [Obstacle::Unvouched { .. }]))
    );
    patient
        .share(&Share {
            expires: Some(ends),
            ..share(fhir.id, &[&pharmacist])
        })
        .await
        .unwrap();

    // The researcher asks, is denied, asks again, is approved.
    let ask = || {
        researcher.request(
            fhir.id,
            AccessLevel::Read,
            Purpose::Research,
            "For study 17, please.",
        )
    };
    ask().await.unwrap();
    let asked = patient.requests().await.unwrap().incoming;
    assert_eq!(asked[0].note.as_deref(), Some("For study 17, please."));
    assert_eq!(asked[0].title.as_deref(), Some("Discharge letter"));
    patient.deny(fhir.id, researcher.me()).await.unwrap();
    assert!(patient.requests().await.unwrap().incoming.is_empty());
    let denied = open(&researcher, fhir.id, &world.path().join("x"), None).await;
    assert!(matches!(
        denied,
        Err(RecordsError::NoAccess {
            reason: AccessReason::NoGrant,
            ..
        })
    ));
    ask().await.unwrap();
    assert_eq!(researcher.requests().await.unwrap().outgoing.len(), 1);
    let approval = Approval {
        unvouched: true,
        ..Approval::default()
    };
    patient
        .approve(fhir.id, researcher.me(), approval)
        .await
        .unwrap();

    // Everybody reads and says so.
    for (reader, name, purpose) in [
        (&doctor, "doctor", Purpose::Treatment),
        (&pharmacist, "pharmacist", Purpose::Treatment),
        (&researcher, "researcher", Purpose::Research),
    ] {
        let target = world.path().join(format!("{name}.json"));
        let opened = open(reader, fhir.id, &target, Some(purpose)).await.unwrap();
        assert_eq!(opened.title, "Discharge letter");
        assert_eq!(fs::read(&target).unwrap(), bundle);
    }

    // The doctor sets a new version and deposits a prescription, which the pharmacist may read.
    let second = br#"{"resourceType":"Bundle","type":"document","language":"en"}"#.to_vec();
    let update = Update {
        id: fhir.id,
        content: NewContent::file(world.file("v2.json", &second)),
        based_on: Some(1),
    };
    let updated = doctor.update(&update).await.unwrap();
    assert_eq!(
        (updated.version, updated.title.as_str()),
        (2, "Discharge letter")
    );
    let prescription = Deposit {
        owner: patient.me(),
        content: NewContent::file(world.file("rx.txt", b"ibuprofen")),
        keep_access: true,
    };
    let refused = doctor.deposit(&prescription).await;
    assert!(
        matches!(refused, Err(RecordsError::DepositNotAllowed(_))),
        "{refused:?}"
    );
    patient.allow_deposits(doctor.me(), None).await.unwrap();
    let rx = doctor.deposit(&prescription).await.unwrap();
    assert_eq!(rx.owner.address, patient.me());
    let listed = patient.info(rx.id).await.unwrap();
    assert_eq!(
        (listed.title.as_deref(), listed.creator.address),
        (Some("rx.txt"), doctor.me())
    );
    patient.share(&share(rx.id, &[&pharmacist])).await.unwrap();
    for reader in [&patient, &doctor, &pharmacist] {
        let target = world.path().join("rx.out");
        open(reader, rx.id, &target, None).await.unwrap();
        assert_eq!(fs::read(&target).unwrap(), b"ibuprofen");
    }
    // The patient takes it over: new key, everybody keeps access.
    let taken = patient.rekey(rx.id, None).await.unwrap();
    assert_eq!(
        (taken.epoch, taken.version, taken.kept.len(), taken.deleted),
        (1, 2, 2, 1)
    );
    for reader in [&patient, &doctor, &pharmacist] {
        open(reader, rx.id, &world.path().join("rx.out"), None)
            .await
            .unwrap();
    }

    // The pharmacist is revoked.
    let terms = NewTerms {
        expires: Some(None),
        ..NewTerms::default()
    };
    patient
        .change_access(fhir.id, pharmacist.me(), terms)
        .await
        .unwrap();
    let receipt = patient
        .revoke(fhir.id, &[pharmacist.me()], None)
        .await
        .unwrap();
    assert_eq!((receipt.version, receipt.epoch, receipt.deleted), (3, 1, 2));
    assert_eq!(receipt.removed.len(), 1);
    assert_eq!(receipt.removed[0].user.name.as_deref(), Some("Pharmacy"));
    assert_eq!(
        receipt.removed[0]
            .fetched
            .iter()
            .map(|f| f.version)
            .collect::<Vec<_>>(),
        [1]
    );
    assert_eq!(receipt.removed[0].within_reach, [1, 2]);
    let functions: Vec<_> = receipt.receipts.iter().map(|r| r.what.as_str()).collect();
    assert_eq!(functions, ["revoke", "rekeyRecord"]);
    let gone = open(&pharmacist, fhir.id, &world.path().join("gone"), None).await;
    assert!(
        matches!(
            gone,
            Err(RecordsError::NoAccess {
                reason: AccessReason::NoGrant,
                ..
            })
        ),
        "{gone:?}"
    );
    assert!(!world.path().join("gone").exists());
    for reader in [&patient, &doctor, &researcher] {
        let target = world.path().join("stay.json");
        open(reader, fhir.id, &target, None).await.unwrap();
        assert_eq!(fs::read(&target).unwrap(), second);
    }
    let access = patient.access_list(fhir.id).await.unwrap();
    let holders: Vec<_> = access
        .iter()
        .map(|item| (item.user.address, item.access, item.opened))
        .collect();
    assert_eq!(holders.len(), 2);
    assert!(holders.contains(&(doctor.me(), Some(AccessLevel::All), 1)));
    assert!(holders.contains(&(researcher.me(), Some(AccessLevel::Read), 1)));

    // Somebody flips a byte.
    assert_eq!(
        patient.verify(scan.id, None).await.unwrap().digest,
        scan.digest
    );
    let object = world.object(scan.id, scan.digest);
    let mut bytes = fs::read(&object).unwrap();
    bytes[1_000_000] ^= 1;
    fs::write(&object, bytes).unwrap();
    let flipped = open(&patient, scan.id, &world.path().join("scan.out"), None).await;
    assert!(
        matches!(
            flipped,
            Err(RecordsError::Crypto(CryptoError::DigestMismatch { .. }))
        ),
        "{flipped:?}"
    );
    assert!(!world.path().join("scan.out").exists());
    // Verification needs no key.
    let stranger = world.stranger("stranger").await;
    let verdict = stranger.verify(scan.id, Some(&world.locator())).await;
    assert!(
        matches!(
            verdict,
            Err(RecordsError::Crypto(CryptoError::DigestMismatch { .. }))
        ),
        "{verdict:?}"
    );
    stranger
        .verify(fhir.id, Some(&world.locator()))
        .await
        .unwrap();

    // Everybody's audit.
    let trail: Vec<_> = patient
        .audit(Some(fhir.id))
        .await
        .unwrap()
        .into_iter()
        .map(|item| item.event)
        .collect();
    assert_eq!(
        trail,
        [
            "RecordAdded",
            "Granted",
            "Granted",
            "AccessRequested",
            "RequestDenied",
            "AccessRequested",
            "Granted",
            "AccessLogged",
            "AccessLogged",
            "AccessLogged",
            "RecordUpdated",
            "AccessUpdated",
            "Revoked",
            "RecordRekeyed",
            "Granted",
            "Granted",
        ]
    );
    let own = doctor.audit(None).await.unwrap();
    assert!(
        own.iter()
            .any(|item| item.event == "RecordDeposited" && item.title.as_deref() == Some("rx.txt"))
    );
    assert!(patient.unfinished().await.unwrap().is_empty());
}

/// Keys are rotated; what was wrapped for older ones stays readable, also after restoring from the phrase alone.
#[tokio::test(flavor = "multi_thread")]
async fn the_phrase_recovers_everything() {
    let world = World::new().await;
    let patient = world.user("patient", Role::Patient).await;
    let doctor = world.user("doctor", Role::Doctor).await;
    let own = patient
        .add(&NewContent::file(world.file("own.txt", b"own")))
        .await
        .unwrap();
    let theirs = doctor
        .add(&NewContent::file(world.file("theirs.txt", b"theirs")))
        .await
        .unwrap();
    doctor.share(&share(theirs.id, &[&patient])).await.unwrap();
    patient.rotate_key().await.unwrap();
    patient.rekey(own.id, None).await.unwrap();
    assert_eq!(
        patient
            .who_am_i()
            .await
            .unwrap()
            .registration
            .unwrap()
            .key_version,
        2
    );

    // Another machine: nothing but the phrase.
    fs::remove_dir_all(patient.profile().folder()).unwrap();
    drop(patient);
    let phrase = fs::read_to_string(world.path().join("patient.phrase")).unwrap();
    let words = chartseal::identity::RecoveryPhrase::parse(&phrase).unwrap();
    let passphrase = chartseal::identity::Passphrase::new("violet anchor mosaic thunder pelican");
    let profiles = chartseal::identity::Profiles::new(world.path().join("profiles"));
    profiles.create("patient", &words, &passphrase).unwrap();
    let patient = world.session("patient").await;
    for (id, text) in [(own.id, &b"own"[..]), (theirs.id, b"theirs")] {
        let target = world.path().join("restored");
        open(&patient, id, &target, None).await.unwrap();
        assert_eq!(fs::read(&target).unwrap(), text);
    }

    // Deregistering ends what others gave; versions of keys go on counting after it.
    patient.deregister().await.unwrap();
    assert!(
        open(&patient, theirs.id, &world.path().join("y"), None)
            .await
            .is_err()
    );
    patient.register(Role::Patient).await.unwrap();
    assert_eq!(
        patient
            .who_am_i()
            .await
            .unwrap()
            .registration
            .unwrap()
            .key_version,
        3
    );
    let lapsed = open(&patient, theirs.id, &world.path().join("y"), None).await;
    assert!(
        matches!(
            lapsed,
            Err(RecordsError::NoAccess {
                reason: AccessReason::Lapsed,
                ..
            })
        ),
        "{lapsed:?}"
    );
    open(&patient, own.id, &world.path().join("y"), None)
        .await
        .unwrap();
}

/// One record for a hundred people: two transactions; a revocation keeps the other ninety-nine in two.
#[tokio::test(flavor = "multi_thread")]
async fn sharing_with_a_hundred_takes_two_transactions() {
    let world = World::new().await;
    let patient = world.user("patient", Role::Patient).await;
    let record = patient
        .add(&NewContent::file(world.file("a.txt", b"a")))
        .await
        .unwrap();
    let crowd = world.crowd(100).await;
    let shared = patient
        .share(&Share {
            users: crowd.clone(),
            ..share(record.id, &[])
        })
        .await
        .unwrap();
    assert_eq!(shared.receipts.len(), 2);
    assert_eq!(patient.access_list(record.id).await.unwrap().len(), 100);
    let revoked = patient.revoke(record.id, &crowd[..1], None).await.unwrap();
    assert_eq!((revoked.kept.len(), revoked.receipts.len()), (99, 3));
    let access = patient.access_list(record.id).await.unwrap();
    assert_eq!(
        access.iter().filter(|item| item.access.is_some()).count(),
        99
    );
}

fn now() -> u64 {
    std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap()
        .as_secs()
}

//! FHIR R4 bundles (HL7 FHIR release 4, 4.0.1), as JSON.

use rand_chacha::rand_core::Rng;
use serde_json::{Value, json};

use super::Subject;

const STREAM: u64 = 1;
const LOINC: &str = "http://loinc.org";
const UCUM: &str = "http://unitsofmeasure.org";

/// Laboratory values: LOINC code, name, lowest and highest value in tenths of the unit, unit in UCUM.
const TESTS: [(&str, &str, u32, u32, &str); 4] = [
    (
        "718-7",
        "Hemoglobin [Mass/volume] in Blood",
        110,
        165,
        "g/dL",
    ),
    (
        "2345-7",
        "Glucose [Mass/volume] in Serum or Plasma",
        700,
        1260,
        "mg/dL",
    ),
    (
        "2160-0",
        "Creatinine [Mass/volume] in Serum or Plasma",
        6,
        13,
        "mg/dL",
    ),
    ("8867-4", "Heart rate", 580, 920, "/min"),
];

/// A patient's history: who they are, what they have, and laboratory values of `visits` visits.
pub(crate) fn history(subject: &Subject, visits: u32) -> Vec<u8> {
    let mut random = subject.random(STREAM);
    let patient = uuid(&mut random);
    let mut entries = vec![entry(&patient, patient_resource(subject))];
    let condition = uuid(&mut random);
    entries.push(entry(&condition, condition_resource(&patient)));
    for visit in 0..visits {
        for test in TESTS {
            let id = uuid(&mut random);
            entries.push(entry(&id, observation(&mut random, &patient, test, visit)));
        }
    }
    bundle(&entries)
}

/// A prescription for a patient.
pub(crate) fn prescription(subject: &Subject) -> Vec<u8> {
    let mut random = subject.random(STREAM);
    let patient = uuid(&mut random);
    let medication = uuid(&mut random);
    let request = json!({
        "resourceType": "MedicationRequest",
        "status": "active",
        "intent": "order",
        "medicationCodeableConcept": {
            "coding": [{
                "system": "http://www.nlm.nih.gov/research/umls/rxnorm",
                "code": "860975",
                "display": "metformin hydrochloride 500 MG 24 HR Extended Release Oral Tablet"
            }]
        },
        "subject": { "reference": reference(&patient) },
        "authoredOn": "2026-03-02",
        "dosageInstruction": [{ "text": "One tablet in the evening, with food" }],
        "dispenseRequest": { "quantity": { "value": 90, "unit": "tablet" } }
    });
    bundle(&[
        entry(&patient, patient_resource(subject)),
        entry(&medication, request),
    ])
}

fn patient_resource(subject: &Subject) -> Value {
    json!({
        "resourceType": "Patient",
        "name": [{ "use": "official", "family": subject.family, "given": [subject.given] }],
        "birthDate": subject.born
    })
}

fn condition_resource(patient: &str) -> Value {
    json!({
        "resourceType": "Condition",
        "clinicalStatus": {
            "coding": [{
                "system": "http://terminology.hl7.org/CodeSystem/condition-clinical",
                "code": "active"
            }]
        },
        "code": {
            "coding": [{
                "system": "http://snomed.info/sct",
                "code": "44054006",
                "display": "Diabetes mellitus type 2"
            }]
        },
        "subject": { "reference": reference(patient) },
        "onsetDateTime": "2021-09"
    })
}

fn observation(
    random: &mut impl Rng,
    patient: &str,
    (code, name, lowest, highest, unit): (&str, &str, u32, u32, &str),
    visit: u32,
) -> Value {
    let tenths = lowest + random.next_u32() % (highest - lowest);
    json!({
        "resourceType": "Observation",
        "status": "final",
        "category": [{
            "coding": [{
                "system": "http://terminology.hl7.org/CodeSystem/observation-category",
                "code": if unit == "/min" { "vital-signs" } else { "laboratory" }
            }]
        }],
        "code": { "coding": [{ "system": LOINC, "code": code, "display": name }] },
        "subject": { "reference": reference(patient) },
        "effectiveDateTime": format!("{}-{:02}-14", 2022 + visit / 12, 1 + visit % 12),
        "valueQuantity": {
            "value": f64::from(tenths) / 10.0,
            "unit": unit,
            "system": UCUM,
            "code": unit
        }
    })
}

fn bundle(entries: &[Value]) -> Vec<u8> {
    let bundle = json!({ "resourceType": "Bundle", "type": "collection", "entry": entries });
    format!("{bundle:#}\n").into_bytes()
}

fn entry(id: &str, resource: Value) -> Value {
    json!({ "fullUrl": reference(id), "resource": resource })
}

fn reference(id: &str) -> String {
    format!("urn:uuid:{id}")
}

/// A random UUID (RFC 9562, version 4).
fn uuid(random: &mut impl Rng) -> String {
    let high = random.next_u64() & !0xf000 | 0x4000;
    let low = random.next_u64() & (u64::MAX >> 2) | 1 << 63;
    format!(
        "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
        high >> 32,
        high >> 16 & 0xffff,
        high & 0xffff,
        low >> 48,
        low & 0xffff_ffff_ffff
    )
}

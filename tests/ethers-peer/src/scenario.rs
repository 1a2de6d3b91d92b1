//! An owner, a reader and a researcher: what they do, and what the registry must answer.

use ethers::core::utils::keccak256;
use ethers::types::{Address, Bytes, H256};

use crate::Failure;
use crate::bindings::{self as abi, RegistryErrors as Refused};
use crate::checks::Checks;
use crate::person::{Person, ask, event, refusal, send};

/// Roles, access, purposes and reasons, as `contract/abi/registry.sol` numbers them.
const PATIENT: u8 = 1;
const DOCTOR: u8 = 2;
const READ: u8 = 1;
const TREATMENT: u8 = 1;
const RESEARCH: u8 = 5;
const GRANTED: u8 = 0;
const NO_GRANT: u8 = 2;
const NOT_REGISTERED: u8 = 6;
const LIVE: u8 = 1;
/// Longest sealed note in bytes.
const MAX_NOTE: usize = 512;

/// Who takes part, and the record it is about.
struct Scene {
    owner: Person,
    reader: Person,
    researcher: Person,
    id: [u8; 32],
}

/// Plays everything.
pub(crate) async fn run(url: &str, registry: Address, checks: &mut Checks) -> Result<(), Failure> {
    let owner = Person::new(url, registry).await?;
    let salt = word(1);
    let scene = Scene {
        id: record_id(owner.address, &salt),
        owner,
        reader: Person::new(url, registry).await?,
        researcher: Person::new(url, registry).await?,
    };
    scene.registrations(checks).await?;
    scene.addition(salt, checks).await?;
    scene.sharing(checks).await?;
    scene.request(checks).await?;
    scene.refusals(checks).await?;
    scene.revocation(checks).await
}

impl Scene {
    async fn registrations(&self, checks: &mut Checks) -> Result<(), Failure> {
        let people = [(&self.owner, PATIENT), (&self.reader, DOCTOR)];
        for (seed, (person, role)) in (10..).zip(people) {
            let (key_x, key_odd) = (word(seed), seed % 2 == 1);
            let receipt = send(person.registry.register(key_x, key_odd, role)).await?;
            let expected = abi::RegisteredFilter {
                user: person.address,
                role,
                key_version: 1,
                key_odd,
                key_x,
            };
            checks.equal("Registered", event(&receipt)?, expected)?;
            let expected = abi::User {
                registered: true,
                role,
                key_version: 1,
                first_key_version: 1,
                key_odd,
                key_x,
            };
            let found = ask(person.registry.user_of(person.address)).await?;
            checks.equal("userOf", found, expected)?;
        }
        let nobody = ask(self.owner.registry.user_of(self.researcher.address)).await?;
        checks.equal("userOf a stranger", nobody, abi::User::default())
    }

    async fn addition(&self, salt: [u8; 32], checks: &mut Checks) -> Result<(), Failure> {
        let (digest, sealed_info) = (digest(2), Bytes::from(vec![0x5e; 169]));
        let registry = &self.owner.registry;
        let receipt = send(registry.add_record(salt, digest, sealed_info.clone())).await?;
        let expected = abi::RecordAddedFilter {
            id: self.id,
            owner: self.owner.address,
            digest,
            sealed_info,
        };
        checks.equal("RecordAdded", event(&receipt)?, expected)?;
        let expected = abi::Record {
            owner: self.owner.address,
            version: 1,
            epoch: 0,
            status: LIVE,
            digest,
        };
        let found = ask(registry.record_of(self.id)).await?;
        checks.equal("recordOf", found, expected)
    }

    async fn sharing(&self, checks: &mut Checks) -> Result<(), Failure> {
        let given = self.grant();
        let receipt = send(self.owner.registry.grant(given.clone())).await?;
        let expected = abi::GrantedFilter {
            id: self.id,
            user: self.reader.address,
            access: READ,
            purpose: TREATMENT,
            expires: 0,
            epoch: 0,
            key_version: 1,
        };
        checks.equal("Granted", event(&receipt)?, expected.clone())?;
        let logged = self.owner.registry.granted_filter().topic1(H256(self.id));
        let logged = logged.from_block(0).query().await?;
        checks.equal("Granted, from the chain's logs", logged, vec![expected])?;

        let registry = &self.reader.registry;
        let found = ask(registry.wrapped_key_of(self.id, self.reader.address)).await?;
        let key = given.key;
        checks.equal("wrappedKeyOf", found, abi::GrantedKey { key, epoch: 0 })?;
        let expected = abi::Access {
            access: READ,
            reason: GRANTED,
            purpose: TREATMENT,
            expires: 0,
            epoch: 0,
            key_version: 1,
        };
        let pair = |user| abi::RecordUser { id: self.id, user };
        let pairs = vec![pair(self.reader.address), pair(self.researcher.address)];
        let found = ask(registry.accesses_of(pairs)).await?;
        let nothing = abi::Access {
            reason: NOT_REGISTERED,
            ..Default::default()
        };
        checks.equal("accessesOf", found, vec![expected, nothing])?;
        let receipt = send(registry.log_access(self.id, TREATMENT)).await?;
        let expected = abi::AccessLoggedFilter {
            id: self.id,
            user: self.reader.address,
            purpose: TREATMENT,
            version: 1,
        };
        checks.equal("AccessLogged", event(&receipt)?, expected)
    }

    async fn request(&self, checks: &mut Checks) -> Result<(), Failure> {
        let registry = &self.researcher.registry;
        send(registry.register(word(20), true, 6)).await?;
        let sealed_note = Bytes::from(vec![0xa7; MAX_NOTE]);
        let asked = registry.request_access(self.id, READ, RESEARCH, sealed_note.clone());
        let expected = abi::AccessRequestedFilter {
            id: self.id,
            user: self.researcher.address,
            owner: self.owner.address,
            access: READ,
            purpose: RESEARCH,
            sealed_note,
        };
        checks.equal("AccessRequested", event(&send(asked).await?)?, expected)?;
        let found: abi::Request =
            ask(registry.request_of(self.id, self.researcher.address)).await?;
        let terms = (found.access, found.purpose, found.requested_at > 0);
        checks.equal("requestOf", terms, (READ, RESEARCH, true))
    }

    async fn refusals(&self, checks: &mut Checks) -> Result<(), Failure> {
        let (id, owner) = (self.id, &self.owner);
        let found = refusal(owner.registry.register(word(3), false, PATIENT)).await?;
        let expected = Refused::AlreadyRegistered(abi::AlreadyRegistered {
            user: owner.address,
        });
        checks.equal("AlreadyRegistered", found, expected)?;

        let found = refusal(self.reader.registry.grant(self.grant())).await?;
        let caller = self.reader.address;
        let expected = Refused::NotOwner(abi::NotOwner { id, caller });
        checks.equal("NotOwner", found, expected)?;

        let late = owner.registry.update_record(id, 7, digest(4), Bytes::new());
        let expected = Refused::VersionConflict(abi::VersionConflict { id, current: 1 });
        checks.equal("VersionConflict", refusal(late).await?, expected)?;

        let user = self.researcher.address;
        let found = refusal(self.researcher.registry.log_access(id, RESEARCH)).await?;
        let reason = NO_GRANT;
        let expected = Refused::NoAccess(abi::NoAccess { id, user, reason });
        checks.equal("NoAccess", found, expected)?;

        let note = Bytes::from(vec![0; MAX_NOTE + 1]);
        let asked = &self.researcher.registry;
        let found = refusal(asked.request_access(id, READ, RESEARCH, note)).await?;
        let expected = Refused::TooLong(abi::TooLong {
            id,
            length: (MAX_NOTE + 1).into(),
            limit: MAX_NOTE.into(),
        });
        checks.equal("TooLong", found, expected)
    }

    async fn revocation(&self, checks: &mut Checks) -> Result<(), Failure> {
        let (id, user) = (self.id, self.reader.address);
        let receipt = send(self.owner.registry.revoke(id, user)).await?;
        let expected = abi::RevokedFilter { id, user };
        checks.equal("Revoked", event(&receipt)?, expected)?;
        let found: abi::Access = ask(self.reader.registry.access_of(id, user)).await?;
        checks.equal("accessOf", (found.access, found.reason), (0, NO_GRANT))?;
        let found = refusal(self.owner.registry.revoke(id, user)).await?;
        checks.equal(
            "NoGrant",
            found,
            Refused::NoGrant(abi::NoGrant { id, user }),
        )
    }

    /// Read access for the reader, for treatment, without end.
    fn grant(&self) -> abi::Grant {
        abi::Grant {
            id: self.id,
            user: self.reader.address,
            access: READ,
            purpose: TREATMENT,
            expires: 0,
            epoch: 0,
            key: abi::WrappedKey {
                suite: 1,
                key_version: 1,
                enc_odd: true,
                enc_x: word(30),
                sealed_key: word(31),
                tag: [0x7a; 16],
            },
        }
    }
}

/// The id of a record that `owner` makes for themselves, as the interface documents it.
fn record_id(owner: Address, salt: &[u8; 32]) -> [u8; 32] {
    let mut id = keccak256([owner.as_bytes(), salt].concat());
    id[12..].copy_from_slice(owner.as_bytes());
    id
}

/// A digest that is not zero.
fn digest(seed: u8) -> [u8; 28] {
    [seed; 28]
}

/// A word that no coordinate or salt is refused for.
fn word(seed: u8) -> [u8; 32] {
    let mut word = keccak256([seed]);
    word[0] = 1;
    word
}

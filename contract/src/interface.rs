//! The public interface in Solidity, stated once: selectors, topics and the exported ABI come from it.
//!
//! Only its constants reach the compiled contract: arguments are read by [`crate::codec`], because the coders that
//! `sol!` generates cost about four kilobytes of code for every function (`docs/contract.md`).

use alloy_sol_types::sol;

sol! {
    /// Who may open which health record. Times are Unix seconds; an expiry of 0 never comes.
    interface IRegistry {
        // ---- Values ----

        /// A record key sealed to one user with HPKE (RFC 9180, base mode).
        struct WrappedKey {
            uint8 suite;       // 1 = DHKEM(P-256, HKDF-SHA256), HKDF-SHA256, ChaCha20Poly1305
            uint32 keyVersion; // version of the user's key that it is sealed to
            bool encOdd;       // parity of the encapsulated point's y coordinate
            bytes32 encX;      // x coordinate of the encapsulated point
            bytes32 sealedKey; // the record key, encrypted
            bytes16 tag;       // its authentication tag
        }

        /// What an owner gives to a user.
        struct Grant {
            bytes32 id;
            address user;
            uint8 access;   // 1 read, 2 all (read and write)
            uint8 purpose;  // HL7 PurposeOfUse: 1 treatment, 2 emergency, 3 payment, 4 operations,
                            // 5 research, 6 public health, 7 patient's own request, 8 legal
            uint64 expires;
            uint32 epoch;   // epoch of the record key that is wrapped
            WrappedKey key;
        }

        struct User {
            bool registered;
            uint8 role;             // 1 patient, 2 doctor, 3 pharmacist, 4 analyst, 5 physician, 6 researcher
            uint32 keyVersion;      // counts every key that the address ever registered
            uint32 firstKeyVersion; // the key version at which the current registration began
            bool keyOdd;            // parity of the y coordinate of the P-256 encryption key
            bytes32 keyX;           // its x coordinate
        }

        struct Record {
            address owner;
            uint32 version; // 1 when added, 65535 at most
            uint32 epoch;   // raised by every new record key
            uint8 status;   // 0 never added, 1 live, 2 removed
            bytes28 digest; // BLAKE3 of the ciphertext object, 224 bits of output
        }

        struct Access {
            uint8 access;  // what the user may do now: 0 nothing, 1 read, 2 all
            uint8 reason;  // 0 granted, 1 owner, 2 no grant, 3 expired, 4 stale epoch, 5 removed,
                           // 6 not registered, 7 granted before the user registered again, 8 no such record
            uint8 purpose; // this and the rest are the grant's own, zero where there is none to look at
            uint64 expires;
            uint32 epoch;
            uint32 keyVersion;
        }

        struct GrantedKey { WrappedKey key; uint32 epoch; }
        struct Request { uint8 access; uint8 purpose; uint64 requestedAt; }
        struct Vouch { uint8 role; uint64 expires; }
        struct DepositRight { bool allowed; uint64 expires; }

        struct RecordUser { bytes32 id; address user; }
        struct VoucherUser { address voucher; address user; }
        struct OwnerDepositor { address owner; address depositor; }

        // ---- Users ----

        /// Registers the caller with a P-256 encryption key and a claimed role.
        function register(bytes32 keyX, bool keyOdd, uint8 role) external;
        /// Replaces the caller's encryption key.
        function rotateKey(bytes32 keyX, bool keyOdd) external;
        /// Ends the caller's registration, and with it their access to everything of others.
        function deregister() external;
        /// States that the caller holds the user to have the role.
        function vouch(address user, uint8 role, uint64 expires) external;
        /// Takes that statement back.
        function withdrawVouch(address user) external;

        // ---- Records ----

        /// Adds a record that the caller owns. Its id is bytes12(keccak256(caller ++ salt)) ++ caller.
        function addRecord(bytes32 salt, bytes28 digest, bytes calldata sealedInfo) external returns (bytes32 id);
        /// Sets a new version: for the owner, and for users with access 2.
        function updateRecord(bytes32 id, uint32 expectedVersion, bytes28 digest, bytes calldata sealedInfo) external;
        /// Sets a new version under a new key: every grant that is not kept is dead.
        function rekeyRecord(bytes32 id, uint32 expectedVersion, bytes28 digest, bytes calldata sealedInfo, Grant[] calldata kept) external;
        /// Leaves a tombstone, and clears the grants and requests of the users named.
        function removeRecord(bytes32 id, address[] calldata grantees) external;

        // ---- Deposits ----

        /// Allows another user to make records that the caller owns.
        function allowDeposits(address depositor, uint64 expires) external;
        /// Takes that right back.
        function disallowDeposits(address depositor) external;
        /// Adds a record for its owner, whose key the caller chose; the caller may read it if forSelf has a suite. Its id is
        /// bytes12(keccak256(caller ++ salt)) ++ owner.
        function depositRecord(address owner, bytes32 salt, bytes28 digest, bytes calldata sealedInfo, WrappedKey calldata forOwner, WrappedKey calldata forSelf) external returns (bytes32 id);

        // ---- Access ----

        /// Gives a user access to a record of the caller.
        function grant(Grant calldata given) external;
        /// Does so for up to 64 grants, of any of the caller's records.
        function grantMany(Grant[] calldata given) external;
        /// Changes the terms of a grant without wrapping its key again. One that ended when its user deregistered stays
        /// without effect.
        function updateAccess(bytes32 id, address user, uint8 access, uint8 purpose, uint64 expires) external;
        /// Takes a grant away; the owner of the record may do so without being registered.
        function revoke(bytes32 id, address user) external;
        /// Asks a record's owner for access; the note is sealed to the owner's key.
        function requestAccess(bytes32 id, uint8 access, uint8 purpose, bytes calldata sealedNote) external;
        /// Takes the caller's request back.
        function withdrawRequest(bytes32 id) external;
        /// Turns a request down.
        function denyRequest(bytes32 id, address user) external;
        /// States that the caller opened the record's current version, and what for.
        function logAccess(bytes32 id, uint8 purpose) external;

        // ---- Views: one, and up to 64 in the order given ----

        function userOf(address user) external view returns (User memory);
        function usersOf(address[] calldata users) external view returns (User[] memory);
        function recordOf(bytes32 id) external view returns (Record memory);
        function recordsOf(bytes32[] calldata ids) external view returns (Record[] memory);
        function accessOf(bytes32 id, address user) external view returns (Access memory);
        function accessesOf(RecordUser[] calldata pairs) external view returns (Access[] memory);
        function wrappedKeyOf(bytes32 id, address user) external view returns (GrantedKey memory);
        function wrappedKeysOf(RecordUser[] calldata pairs) external view returns (GrantedKey[] memory);
        function requestOf(bytes32 id, address user) external view returns (Request memory);
        function requestsOf(RecordUser[] calldata pairs) external view returns (Request[] memory);
        function vouchOf(address voucher, address user) external view returns (Vouch memory);
        function vouchesOf(VoucherUser[] calldata pairs) external view returns (Vouch[] memory);
        function depositRightOf(address owner, address depositor) external view returns (DepositRight memory);
        function depositRightsOf(OwnerDepositor[] calldata pairs) external view returns (DepositRight[] memory);

        // ---- Events ----

        event Registered(address indexed user, uint8 role, uint32 keyVersion, bool keyOdd, bytes32 keyX);
        event KeyRotated(address indexed user, uint32 keyVersion, bool keyOdd, bytes32 keyX);
        event Deregistered(address indexed user);
        event Vouched(address indexed voucher, address indexed user, uint8 role, uint64 expires);
        event VouchWithdrawn(address indexed voucher, address indexed user);

        event RecordAdded(bytes32 indexed id, address indexed owner, bytes28 digest, bytes sealedInfo);
        event RecordUpdated(bytes32 indexed id, address indexed author, uint32 version, bytes28 digest, bytes sealedInfo);
        event RecordRekeyed(bytes32 indexed id, uint32 version, uint32 epoch, bytes28 digest, bytes sealedInfo);
        event RecordRemoved(bytes32 indexed id);

        event DepositsAllowed(address indexed owner, address indexed depositor, uint64 expires);
        event DepositsDisallowed(address indexed owner, address indexed depositor);
        event RecordDeposited(bytes32 indexed id, address indexed owner, address indexed depositor, bytes28 digest, bytes sealedInfo);

        event Granted(bytes32 indexed id, address indexed user, uint8 access, uint8 purpose, uint64 expires, uint32 epoch, uint32 keyVersion);
        event AccessUpdated(bytes32 indexed id, address indexed user, uint8 access, uint8 purpose, uint64 expires);
        event Revoked(bytes32 indexed id, address indexed user);
        event AccessRequested(bytes32 indexed id, address indexed user, address indexed owner, uint8 access, uint8 purpose, bytes sealedNote);
        event RequestWithdrawn(bytes32 indexed id, address indexed user);
        event RequestDenied(bytes32 indexed id, address indexed user);
        event AccessLogged(bytes32 indexed id, address indexed user, uint8 purpose, uint32 version);

        // ---- Errors ----

        error NotRegistered(address user);
        error AlreadyRegistered(address user);
        error InvalidRole(address user, uint8 role);
        error InvalidKey(address user, bytes32 x);
        error InvalidExpiry(address user, uint64 expires);
        error SelfTarget(address user);
        error NoVouch(address voucher, address user);
        error RecordExists(bytes32 id);
        error NoSuchRecord(bytes32 id);
        error RecordIsRemoved(bytes32 id);
        error NotOwner(bytes32 id, address caller);
        error NoAccess(bytes32 id, address user, uint8 reason);
        error ZeroDigest(bytes32 id);
        error VersionConflict(bytes32 id, uint32 current);
        error CounterExhausted(bytes32 subject);
        error TooLong(bytes32 id, uint256 length, uint256 limit);
        error TooMany(uint256 count, uint256 limit);
        error DepositsNotAllowed(address owner, address depositor);
        error InvalidAccess(bytes32 id, address user, uint8 access);
        error InvalidPurpose(bytes32 id, address user, uint8 purpose);
        error InvalidSuite(bytes32 id, address user, uint8 suite);
        error StaleKey(bytes32 id, address user, uint32 current);
        error StaleEpoch(bytes32 id, address user, uint32 current);
        error OtherRecord(bytes32 id, bytes32 given);
        error NoGrant(bytes32 id, address user);
        error NoRequest(bytes32 id, address user);
        error PurposeNotGranted(bytes32 id, uint8 purpose, uint8 granted);
    }
}

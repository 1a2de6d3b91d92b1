//! The Rust types of `contract/abi/registry.sol`, the one link between client and contract, and of the two ArbOS
//! precompiles that a deployment calls.
//!
//! Nothing else names a selector, a topic or an ABI layout. What the members mean stands in the Solidity file.
#![allow(missing_docs)] // generated; documented in the Solidity interface

use alloy::sol;

sol! {
    #![sol(all_derives)]
    "../contract/abi/registry.sol"
}

sol! {
    #![sol(all_derives)]

    /// Stylus programs: address 0x71 (OffchainLabs/nitro-precompile-interfaces, `ArbWasm.sol`).
    interface IArbWasm {
        function activateProgram(address program) external payable returns (uint16 version, uint256 dataFee);
        function codehashVersion(bytes32 codehash) external view returns (uint16 version);
        function programInitGas(address program) external view returns (uint64 gas, uint64 gasWhenCached);

        event ProgramActivated(bytes32 indexed codehash, bytes32 moduleHash, address program, uint256 dataFee, uint16 version);

        error ProgramNotWasm();
        error ProgramNotActivated();
        error ProgramNeedsUpgrade(uint16 version, uint16 stylusVersion);
        error ProgramExpired(uint64 ageInSeconds);
        error ProgramUpToDate();
        error ProgramKeepaliveTooSoon(uint64 ageInSeconds);
        error ProgramInsufficientValue(uint256 have, uint256 want);
    }

    /// The cache of started programs: address 0x72 (`ArbWasmCache.sol`).
    interface IArbWasmCache {
        function isCacheManager(address manager) external view returns (bool);
        function cacheProgram(address program) external;
        function codehashIsCached(bytes32 codehash) external view returns (bool);
    }
}

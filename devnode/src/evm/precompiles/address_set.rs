//! A set of addresses in the chain's state, charged as ArbOS charges it.
//!
//! Source of the order of accesses: Nitro `arbos/addressSet/addressSet.go`.

use alloy_primitives::{Address, U256};

use super::{
    super::arbos::{address_to_word, map_slot, word_to_address},
    call::{Call, Fault},
};

/// A set by name. Members are numbered from 1.
#[derive(Clone, Copy)]
pub(super) struct AddressSet(&'static str);

/// Who may call ArbOwner.
pub(super) const CHAIN_OWNERS: AddressSet = AddressSet("chain owners");

/// Who may call ArbWasmCache.
pub(super) const CACHE_MANAGERS: AddressSet = AddressSet("cache managers");

impl AddressSet {
    fn size_slot(self) -> U256 {
        map_slot(self.0, b"size")
    }

    fn index_slot(self, member: Address) -> U256 {
        map_slot(self.0, member.as_slice())
    }

    fn member_slot(self, index: U256) -> U256 {
        map_slot(self.0, &index.to_be_bytes::<32>())
    }

    /// The storage of a set that has these members from the start.
    pub(super) fn genesis(self, members: &[Address]) -> Vec<(U256, U256)> {
        let mut storage = vec![(self.size_slot(), U256::from(members.len()))];
        for (member, number) in members.iter().zip(1u64..) {
            let index = U256::from(number);
            storage.push((self.index_slot(*member), index));
            storage.push((self.member_slot(index), address_to_word(*member)));
        }
        storage
    }

    /// Whether `address` is in the set. One read.
    pub(super) fn contains(self, call: &mut Call<'_, '_>, address: Address) -> Result<bool, Fault> {
        Ok(!call.read(self.index_slot(address))?.is_zero())
    }

    /// Adds `address`, if it is not there.
    pub(super) fn add(self, call: &mut Call<'_, '_>, address: Address) -> Result<(), Fault> {
        if self.contains(call, address)? {
            return Ok(());
        }
        let index = call.read(self.size_slot())? + U256::ONE;
        call.write(self.index_slot(address), index)?;
        call.write(self.member_slot(index), address_to_word(address))?;
        let size = call.read(self.size_slot())?;
        call.write(self.size_slot(), size + U256::ONE)
    }

    /// Removes `address`, if it is there; the last member takes its place.
    pub(super) fn remove(self, call: &mut Call<'_, '_>, address: Address) -> Result<(), Fault> {
        let index = call.read(self.index_slot(address))?;
        if index.is_zero() {
            return Ok(());
        }
        call.write(self.index_slot(address), U256::ZERO)?;
        let size = call.read(self.size_slot())?;
        if index < size {
            let last = call.read(self.member_slot(size))?;
            call.write(self.member_slot(index), last)?;
            call.write(self.index_slot(word_to_address(last)), index)?;
        }
        call.write(self.member_slot(size), U256::ZERO)?;
        call.write(self.size_slot(), size.saturating_sub(U256::ONE))
    }

    /// All members.
    pub(super) fn all(self, call: &mut Call<'_, '_>) -> Result<Vec<Address>, Fault> {
        let size: u64 = call.read(self.size_slot())?.saturating_to();
        (1..=size)
            .map(|index| {
                Ok(word_to_address(
                    call.read(self.member_slot(U256::from(index)))?,
                ))
            })
            .collect()
    }
}

//! Looking at accounts without putting them into the access list (EIP-2929).

use alloy_primitives::{Address, B256};
use revm::{
    bytecode::Bytecode, context::ContextTr, context_interface::JournalTr,
    database_interface::DatabaseRef, state::AccountInfo,
};

use super::context::NitroContext;

/// Balance, nonce and code hash as they are now; `None` if the account does not exist.
pub(super) fn account(ctx: &mut NitroContext<'_>, address: Address) -> Option<AccountInfo> {
    let (db, state) = ctx.journal_mut().db_and_state();
    match state.get(&address) {
        Some(account) => Some(account.info.clone()),
        None => {
            let Ok(info) = db.0.basic_ref(address);
            info
        }
    }
}

/// The code hash and the code of an account.
pub(super) fn code(ctx: &mut NitroContext<'_>, address: Address) -> (B256, Bytecode) {
    let Some(info) = account(ctx, address) else {
        return (B256::ZERO, Bytecode::default());
    };
    let hash = info.code_hash;
    let code = info.code.unwrap_or_else(|| {
        let Ok(code) = ctx.db().0.code_by_hash_ref(hash);
        code
    });
    (hash, code)
}

/// Whether the account destroyed itself in this transaction.
pub(super) fn is_destroyed(ctx: &mut NitroContext<'_>, address: Address) -> bool {
    let state = ctx.journal_mut().evm_state();
    state
        .get(&address)
        .is_some_and(|account| account.is_selfdestructed())
}

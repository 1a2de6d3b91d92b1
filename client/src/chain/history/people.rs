//! Lists of people: users, vouches, leave to deposit.

use std::collections::BTreeMap;

use alloy::primitives::Address;
use rusqlite::params;

use super::History;
use super::entry::{DepositEntry, UserEntry, VouchEntry};
use super::names;
use super::query::{EVENTS, each, moment};
use super::row::{EventRow, read};
use super::schema::damage;
use crate::chain::error::Result;
use crate::chain::event::Event;

impl History {
    /// Everybody who is registered, by address.
    ///
    /// # Errors
    ///
    /// See [`Self::records_of`].
    pub fn users(&self) -> Result<Vec<UserEntry>> {
        let sql = format!("{EVENTS} e.stream = 1 ORDER BY e.position");
        let mut users = BTreeMap::new();
        self.read(|db| {
            each(db, &sql, [], |row| {
                read(row, 0)
                    .map(|row| follow_user(&mut users, row))
                    .map(|()| true)
            })
        })?;
        Ok(users.into_values().collect())
    }

    /// Who vouches for a user, by address of the voucher.
    ///
    /// # Errors
    ///
    /// See [`Self::records_of`].
    pub fn vouches_for(&self, user: Address) -> Result<Vec<VouchEntry>> {
        self.vouches("e.user = ?1", user)
    }

    /// For whom a user vouches, by address.
    ///
    /// # Errors
    ///
    /// See [`Self::records_of`].
    pub fn vouches_by(&self, voucher: Address) -> Result<Vec<VouchEntry>> {
        self.vouches("e.party = ?1", voucher)
    }

    fn vouches(&self, whose: &str, address: Address) -> Result<Vec<VouchEntry>> {
        let sql = format!("{EVENTS} {whose} AND e.stream = 2 ORDER BY e.position");
        let mut vouches = BTreeMap::new();
        self.read(|db| {
            each(
                db,
                &sql,
                params![names::number(db, address.as_slice())?],
                |row| {
                    let row = read(row, 0)?;
                    let at = moment(&row);
                    match row.event {
                        Event::Vouched {
                            voucher,
                            user,
                            role,
                            expires,
                        } => {
                            vouches.insert(
                                (voucher, user),
                                VouchEntry {
                                    voucher,
                                    user,
                                    role,
                                    expires,
                                    at,
                                },
                            );
                        }
                        Event::VouchWithdrawn { voucher, user } => {
                            vouches.remove(&(voucher, user));
                        }
                        _ => return Err(damage()),
                    }
                    Ok(true)
                },
            )
        })?;
        Ok(vouches.into_values().collect())
    }

    /// Whom an owner allows to deposit, by address.
    ///
    /// # Errors
    ///
    /// See [`Self::records_of`].
    pub fn depositors_of(&self, owner: Address) -> Result<Vec<DepositEntry>> {
        let sql = format!("{EVENTS} e.party = ?1 AND e.stream = 5 ORDER BY e.position");
        let mut rights = BTreeMap::new();
        self.read(|db| {
            each(
                db,
                &sql,
                params![names::number(db, owner.as_slice())?],
                |row| {
                    let row = read(row, 0)?;
                    let at = moment(&row);
                    match row.event {
                        Event::DepositsAllowed {
                            owner,
                            depositor,
                            expires,
                        } => {
                            rights.insert(
                                depositor,
                                DepositEntry {
                                    owner,
                                    depositor,
                                    expires,
                                    at,
                                },
                            );
                        }
                        Event::DepositsDisallowed { depositor, .. } => {
                            rights.remove(&depositor);
                        }
                        _ => return Err(damage()),
                    }
                    Ok(true)
                },
            )
        })?;
        Ok(rights.into_values().collect())
    }
}

fn follow_user(users: &mut BTreeMap<Address, UserEntry>, row: EventRow) {
    let since = moment(&row);
    match row.event {
        Event::Registered {
            user,
            role,
            key_version,
            key,
        } => {
            users.insert(
                user,
                UserEntry {
                    user,
                    role,
                    key_version,
                    key,
                    since,
                },
            );
        }
        Event::KeyRotated {
            user,
            key_version,
            key,
        } => {
            if let Some(entry) = users.get_mut(&user) {
                (entry.key_version, entry.key) = (key_version, key);
            }
        }
        Event::Deregistered { user } => {
            users.remove(&user);
        }
        _ => {}
    }
}

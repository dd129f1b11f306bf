//! The one way to real money: terms that a person has signed.
//!
//! Whoever speaks to an account with real money, or runs an engine in live mode, must hold a
//! [`Live`] or its [`Licence`]. Nothing makes one but [`Signed::check`], and that needs the
//! signature of a person's key under terms that name the broker, the account, the book, the days
//! and the largest values. No setting, no journal and no file that is merely read gives it: dry run
//! and paper can't reach real money because they hold nothing that could.
//!
//! The signature is Ed25519 (RFC 8032) over the lines of [`Terms::message`]. The machine that
//! trades needs the public key alone.

use base::Day;
use market::Cash;
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};
use serde::{Deserialize, Serialize};

use crate::risk::Limits;

/// What a person allows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Terms {
    /// The broker, by the word that chooses it.
    pub broker: String,
    /// The account, by the broker's name for it.
    pub account: String,
    /// The book that may trade on it.
    pub book: String,
    /// Largest value of one order, in the account's currency.
    pub largest_order: Cash,
    /// Largest value of all positions, in the account's currency.
    pub largest_gross: Cash,
    /// First session on which it may.
    pub first_day: Day,
    /// Last session on which it may.
    pub last_day: Day,
    /// Whether it may trade options, too: spreads, at what they cost.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub options: bool,
}

/// Terms and the signature under them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signed {
    /// What was signed.
    pub terms: Terms,
    /// The signature, in hexadecimal digits.
    pub signature: String,
}

/// The public half of a person's key: 64 hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKey([u8; 32]);

/// The secret half. It prints nothing.
pub struct SigningKey(Ed25519KeyPair);

/// Why live trading is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The key is none.
    #[error("read the key: write 64 hexadecimal digits")]
    ReadKey,
    /// The signature does not belong to the terms, or to the key.
    #[error("check the signature: these terms were not signed with that key; sign them again")]
    CheckSignature,
    /// The terms are of other days.
    #[error("check the day {day}: the terms hold from {first} to {last}; sign new ones")]
    CheckDay {
        /// The session asked for.
        day: Day,
        /// The first one allowed.
        first: Day,
        /// The last one allowed.
        last: Day,
    },
    /// The terms do not speak of options.
    #[error("check the instrument: the terms allow no options; sign others with --options")]
    CheckOptions,
    /// The terms are of something else.
    #[error("check the {what}: the terms are for {signed}, not for {found}")]
    CheckTarget {
        /// The broker, the account or the book.
        what: &'static str,
        /// What was signed.
        signed: String,
        /// What was found.
        found: String,
    },
}

/// Proof that a person allows a book to trade real money. Can't be made, read or copied from
/// anything but signed terms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Live {
    terms: Terms,
}

/// Lets an engine run in live mode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Licence(());

impl Terms {
    /// The lines that are signed. Each field stands quoted in a line of its own, so that no two
    /// terms have the same lines.
    pub fn message(&self) -> String {
        let Terms { broker, account, book, largest_order, largest_gross, .. } = self;
        let Terms { first_day, last_day, options, .. } = self;
        // Terms from before options were spoken of have no line for them.
        let options = if *options { "options\n" } else { "" };
        format!(
            "trimtab live terms 1\nbroker {broker:?}\naccount {account:?}\nbook {book:?}\n\
             largest order {largest_order}\nlargest gross {largest_gross}\n\
             first day {first_day}\nlast day {last_day}\n{options}"
        )
    }
}

impl Signed {
    /// Checks signature and day. This alone makes a [`Live`].
    ///
    /// # Errors
    /// [`Refusal`], which says what to do.
    pub fn check(&self, key: &PublicKey, day: Day) -> Result<Live, Refusal> {
        let signature = hex::decode(&self.signature).map_err(|_| Refusal::CheckSignature)?;
        UnparsedPublicKey::new(&ED25519, key.0)
            .verify(self.terms.message().as_bytes(), &signature)
            .map_err(|_| Refusal::CheckSignature)?;
        let (first, last) = (self.terms.first_day, self.terms.last_day);
        if day < first || day > last {
            return Err(Refusal::CheckDay { day, first, last });
        }
        Ok(Live { terms: self.terms.clone() })
    }
}

impl Live {
    /// What was signed.
    pub fn terms(&self) -> &Terms {
        &self.terms
    }

    /// For the engine.
    pub fn licence(&self) -> Licence {
        Licence(())
    }

    /// Whether the terms are for that account.
    ///
    /// # Errors
    /// [`Refusal::CheckTarget`] where they are for another broker or account.
    pub fn covers_account(&self, broker: &str, account: &str) -> Result<(), Refusal> {
        same("broker", &self.terms.broker, broker)?;
        same("account", &self.terms.account, account)
    }

    /// Whether the terms are for that book.
    ///
    /// # Errors
    /// [`Refusal::CheckTarget`] where they are for another one.
    pub fn covers_book(&self, book: &str) -> Result<(), Refusal> {
        same("book", &self.terms.book, book)
    }

    /// Whether the terms are for options, too.
    ///
    /// # Errors
    /// [`Refusal::CheckOptions`].
    pub fn covers_options(&self) -> Result<(), Refusal> {
        if self.terms.options { Ok(()) } else { Err(Refusal::CheckOptions) }
    }

    /// The limits, no wider than what was signed.
    pub fn bound(&self, limits: Limits) -> Limits {
        let least =
            |own: Option<Cash>, signed: Cash| Some(own.map_or(signed, |own| own.min(signed)));
        Limits {
            largest_order: least(limits.largest_order, self.terms.largest_order),
            largest_gross: least(limits.largest_gross, self.terms.largest_gross),
            ..limits
        }
    }
}

fn same(what: &'static str, signed: &str, found: &str) -> Result<(), Refusal> {
    if signed == found {
        return Ok(());
    }
    Err(Refusal::CheckTarget { what, signed: signed.to_owned(), found: found.to_owned() })
}

impl SigningKey {
    /// The key of a secret of 32 random bytes.
    ///
    /// # Errors
    /// [`Refusal::ReadKey`] where the library takes none.
    pub fn of_seed(seed: &[u8; 32]) -> Result<SigningKey, Refusal> {
        Ed25519KeyPair::from_seed_unchecked(seed).map(SigningKey).map_err(|_| Refusal::ReadKey)
    }

    /// A key from the 64 hexadecimal digits of its secret.
    ///
    /// # Errors
    /// [`Refusal::ReadKey`] where they are not that.
    pub fn read(text: &str) -> Result<SigningKey, Refusal> {
        SigningKey::of_seed(&bytes(text)?)
    }

    /// The public half.
    pub fn public(&self) -> PublicKey {
        let mut key = [0; 32];
        key.copy_from_slice(self.0.public_key().as_ref());
        PublicKey(key)
    }

    /// Signs terms.
    pub fn sign(&self, terms: Terms) -> Signed {
        let signature = hex::encode(self.0.sign(terms.message().as_bytes()));
        Signed { terms, signature }
    }
}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SigningKey(…)")
    }
}

impl std::str::FromStr for PublicKey {
    type Err = Refusal;

    fn from_str(text: &str) -> Result<PublicKey, Refusal> {
        bytes(text).map(PublicKey)
    }
}

impl std::fmt::Display for PublicKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

fn bytes(text: &str) -> Result<[u8; 32], Refusal> {
    let mut bytes = [0; 32];
    hex::decode_to_slice(text.trim(), &mut bytes).map_err(|_| Refusal::ReadKey)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Day {
        text.parse().unwrap()
    }

    fn terms() -> Terms {
        Terms {
            broker: "alpaca".to_owned(),
            account: "123456789".to_owned(),
            book: "breakout".to_owned(),
            largest_order: "2500".parse().unwrap(),
            largest_gross: "10000".parse().unwrap(),
            first_day: day("2026-01-05"),
            last_day: day("2026-01-09"),
            options: false,
        }
    }

    fn key() -> SigningKey {
        SigningKey::of_seed(&[7; 32]).unwrap()
    }

    #[test]
    fn signed_terms_hold_on_their_days_alone() {
        let signed = key().sign(terms());
        for (on, holds) in [
            ("2026-01-04", false),
            ("2026-01-05", true),
            ("2026-01-09", true),
            ("2026-01-10", false),
        ] {
            assert_eq!(signed.check(&key().public(), day(on)).is_ok(), holds, "{on}");
        }
    }

    #[test]
    fn a_change_of_any_field_breaks_the_signature() {
        let changes: [fn(&mut Terms); 8] = [
            |it| it.broker.push('x'),
            |it| it.account = "987654321".to_owned(),
            |it| it.book = "estate".to_owned(),
            |it| it.largest_order = "2500.000001".parse().unwrap(),
            |it| it.largest_gross = "10001".parse().unwrap(),
            |it| it.first_day = it.first_day.plus(-1),
            |it| it.last_day = it.last_day.plus(1),
            |it| it.options = true,
        ];
        for change in changes {
            let mut signed = key().sign(terms());
            change(&mut signed.terms);
            let checked = signed.check(&key().public(), day("2026-01-06"));
            assert_eq!(checked, Err(Refusal::CheckSignature), "{:?}", signed.terms);
        }
    }

    #[test]
    fn a_line_end_in_a_field_is_no_other_field() {
        let mut twisted = terms();
        twisted.account = "123456789\"\nbook \"estate".to_owned();
        assert_eq!(twisted.message().lines().count(), terms().message().lines().count());
    }

    #[test]
    fn options_are_allowed_where_they_were_signed_for() {
        let allowed = |options: bool| {
            let signed = key().sign(Terms { options, ..terms() });
            signed.check(&key().public(), day("2026-01-06")).unwrap().covers_options()
        };
        assert_eq!((allowed(true), allowed(false)), (Ok(()), Err(Refusal::CheckOptions)));
    }

    #[test]
    fn another_persons_key_counts_for_nothing() {
        let other = SigningKey::of_seed(&[8; 32]).unwrap();
        let checked = other.sign(terms()).check(&key().public(), day("2026-01-06"));
        assert_eq!(checked, Err(Refusal::CheckSignature));
    }

    #[test]
    fn keys_are_read_as_they_are_written() {
        let public = key().public();
        assert_eq!(public.to_string().parse(), Ok(public.clone()));
        assert_eq!(SigningKey::read(&"07".repeat(32)).unwrap().public(), public);
        assert!("07".repeat(31).parse::<PublicKey>().is_err());
        assert_eq!(format!("{:?}", key()), "SigningKey(…)");
    }

    #[test]
    fn limits_are_bounded_and_never_widened() {
        let live = key().sign(terms()).check(&key().public(), day("2026-01-06")).unwrap();
        let bound = live.bound(Limits::default());
        assert_eq!(bound.largest_order, Some(terms().largest_order));
        assert_eq!(bound.largest_gross, Some(terms().largest_gross));
        let own = "10".parse().unwrap();
        let tight =
            Limits { largest_gross: Some(own), largest_order: Some(own), ..Limits::default() };
        assert_eq!(live.bound(tight.clone()), tight);
    }

    #[test]
    fn the_account_the_broker_and_the_book_must_be_those_signed() {
        let live = key().sign(terms()).check(&key().public(), day("2026-01-06")).unwrap();
        assert_eq!(live.covers_account("alpaca", "123456789"), Ok(()));
        assert!(live.covers_account("ibkr", "123456789").is_err());
        assert!(live.covers_account("alpaca", "PA1").is_err());
        assert_eq!(live.covers_book("breakout"), Ok(()));
        assert!(live.covers_book("estate").is_err());
    }
}

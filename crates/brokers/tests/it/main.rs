//! What every way to a broker must do: one suite, run by the simulator in place and by each wire
//! over a line that is whole and over one that is not.

// A test that fails shows what went over the line.
#![allow(clippy::print_stderr)]
// The far end of a socket works by the clock of this machine.
#![allow(clippy::disallowed_methods)]

mod accounts;
mod alpaca;
mod corrections;
mod flex;
mod fractions;
mod gateway;
mod ibkr;
mod ibkr_words;
mod life;
mod online;
mod place;
mod prices;
mod refused;
mod rig;
mod spread_life;
mod spreads;
mod stub;
mod suite;
mod tws;
mod whatever;
mod world;

/// The suite, and a test of each of its parts on each rig.
macro_rules! conforms {
    ($($test:ident),* $(,)?) => {
        /// All parts, by name.
        const SUITE: &[(&str, fn(&suite::Make))] = &[$((stringify!($test), suite::$test)),*];

        mod simulator_in_place {
            $(
                #[test]
                fn $test() {
                    super::suite::$test(&super::place::rig);
                }
            )*
        }

        mod alpaca_on_a_line_that_is_whole {
            $(
                #[test]
                fn $test() {
                    super::suite::$test(&|bars| {
                        super::world::rig::<super::alpaca::AlpacaDoor>(bars, None)
                    });
                }
            )*
        }

        mod ibkr_on_a_line_that_is_whole {
            $(
                #[test]
                fn $test() {
                    super::suite::$test(&|bars| {
                        super::world::rig::<super::ibkr::TwsDoor>(bars, None)
                    });
                }
            )*
        }

        mod alpaca_over_sockets {
            type AlpacaOnline = brokers::alpaca::Alpaca<brokers::alpaca::Online>;

            $(
                #[test]
                fn $test() {
                    super::suite::$test(&super::online::rig::<AlpacaOnline>);
                }
            )*
        }

        mod ibkr_over_sockets {
            type IbkrOnline = brokers::ibkr::Ibkr<brokers::ibkr::Online>;

            $(
                #[test]
                fn $test() {
                    super::suite::$test(&super::online::rig::<IbkrOnline>);
                }
            )*
        }
    };
}

conforms!(
    a_market_order_fills_at_the_next_open,
    a_limit_fills_at_its_price_or_better,
    a_limit_for_all_hours_fills_in_the_session_and_is_protected,
    a_stop_wakes_at_its_price,
    an_order_taken_back_fills_nothing,
    an_order_sent_twice_is_one,
    an_order_too_large_is_refused_and_its_children_with_it,
    a_target_that_fills_takes_its_stop_along,
    a_stop_that_fills_takes_its_target_along,
    a_stop_is_moved_by_sending_the_new_one_first,
    a_target_is_moved,
    an_exit_at_the_market_leaves_no_stop_behind,
    two_parts_each_behind_its_own_bracket,
    an_entry_filled_in_part_is_protected_in_part,
    children_go_with_an_entry_taken_back,
    a_short_is_bought_back_at_its_stop,
    a_line_lost_after_the_entry_finds_all_when_it_is_back,
    a_line_lost_in_the_middle_of_a_bracket_loses_nothing,
);

/// Each part on lines of which each loses other messages.
fn conforms<D: world::Door>() {
    for seed in 0..SEEDS {
        for (name, part) in SUITE {
            let run = || part(&move |bars| world::rig::<D>(bars, Some(seed)));
            let outcome = std::panic::catch_unwind(run);
            assert!(outcome.is_ok(), "seed {seed}: {name}");
        }
    }
}

#[test]
fn alpaca_conforms_on_lines_that_lose_and_double() {
    conforms::<alpaca::AlpacaDoor>();
}

#[test]
fn ibkr_conforms_on_lines_that_lose_and_double() {
    conforms::<ibkr::TwsDoor>();
}

/// Lines that are tried: each loses other messages.
const SEEDS: u64 = 40;

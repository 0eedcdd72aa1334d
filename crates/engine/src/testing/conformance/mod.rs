//! The suite that every store passes: what the traits promise, written once over `dyn Store`.
//!
//! A store's tests call [`conformance_tests!`](crate::conformance_tests) with a function that opens
//! an empty store; every case gets one of its own. The planted faults in this crate's tests show
//! that the suite notices when a store breaks a promise.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test suite, though it is compiled as a library"
)]

mod budgets;
mod clients;
mod events;
mod fixtures;
mod imports;
mod keys;
mod meta;
mod purge;
mod refresh;
mod revocations;
mod sessions;
mod users;

use std::{fmt, future::Future, pin::Pin, sync::Arc};

use crate::store::Store;

type Running = Pin<Box<dyn Future<Output = ()> + Send>>;

/// One case of the suite.
pub struct Case {
    /// The file and the sentence.
    pub name: &'static str,
    run: fn(Arc<dyn Store>) -> Running,
}

impl Case {
    /// Runs it on an empty store.
    ///
    /// # Panics
    /// When the store breaks the promise. The case needs a runtime of several threads.
    pub async fn run(&self, store: Arc<dyn Store>) {
        (self.run)(store).await;
    }
}

impl fmt::Debug for Case {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name)
    }
}

/// Runs the case of this name.
///
/// # Panics
/// When there is no such case, and when the store breaks the promise.
pub async fn run(name: &str, store: Arc<dyn Store>) {
    let case = CASES.iter().find(|case| case.name == name).expect("the case exists");
    case.run(store).await;
}

/// Names the cases once: for the table, and for the macro that makes a test of each.
macro_rules! suite {
    ($dollar:tt $($module:ident { $($case:ident,)+ })+) => {
        /// Every case.
        pub const CASES: &[Case] = &[$($(Case {
            name: concat!(stringify!($module), "::", stringify!($case)),
            run: |store| Box::pin($module::$case(store)),
        },)+)+];

        /// Makes one test of each case of the suite. `$open` names a function that answers an
        /// empty store, and whatever must live as long as it: `async fn open() -> (Arc<dyn Store>, T)`.
        #[macro_export]
        macro_rules! conformance_tests {
            ($dollar open:path) => {
                $(mod $module {
                    $(#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
                    async fn $case() {
                        let (store, _guard) = $dollar open().await;
                        let name = concat!(stringify!($module), "::", stringify!($case));
                        $dollar crate::testing::conformance::run(name, store).await;
                    })+
                })+
            };
        }
    };
}

suite! { $
    users {
        every_field_survives,
        of_64_parallel_creations_of_one_name_one_wins,
        of_64_parallel_creations_of_one_id_one_wins,
        users_without_a_name_do_not_collide,
        a_deleted_id_never_returns_and_its_name_is_free,
        the_list_is_paged_and_searched_literally,
        a_password_change_writes_everything_at_once,
        a_refused_change_writes_nothing,
        a_removed_grant_revokes_and_keeps_the_sessions,
        parallel_changes_raise_the_generation_one_by_one,
        of_parallel_password_changes_from_one_hash_one_wins,
        a_disabled_user_gets_no_session_by_a_change,
    }
    imports {
        a_batch_is_added_with_its_events_and_found_again,
        a_user_sees_those_before_it,
        a_difference_is_left_alone_unless_it_shall_be_changed,
        a_change_ends_sessions_and_revokes,
        names_and_ids_of_others_and_tombstones_are_refused,
        of_parallel_imports_of_one_file_one_adds,
        nothing_is_written_before_the_database_is_initialised,
    }
    sessions {
        every_field_survives,
        a_wrong_hash_writes_nothing,
        an_inactive_user_gets_none,
        the_application_may_bring_users_but_not_dead_ones,
        an_upgraded_hash_is_stored,
        a_password_change_wins_over_parallel_log_ins,
        the_oldest_live_sessions_make_room,
        parallel_log_ins_never_exceed_the_bound,
        a_success_gives_budgets_back,
        the_last_16_networks_are_remembered,
        the_list_is_of_live_sessions_newest_first,
        an_ended_session_stays_as_it_ended_and_is_revoked_again,
        another_owners_session_is_not_there,
    }
    refresh {
        a_rotation_is_written,
        a_repeat_changes_nothing_and_is_an_event,
        theft_ends_the_session_although_the_reply_is_an_error,
        a_counter_ahead_ends_the_session,
        refusals_write_nothing,
        an_unknown_session_is_none,
        somebody_elses_word_about_the_user_is_heard,
        of_64_parallel_refreshes_one_rotates,
        a_log_out_wins_over_parallel_refreshes,
        disabling_wins_over_parallel_refreshes,
    }
    revocations {
        every_target_survives,
        sequence_is_commit_order_for_a_follower,
        a_cursor_gets_what_follows_it,
        a_long_log_comes_in_pages,
        another_epoch_or_a_cursor_ahead_gets_a_snapshot,
        a_row_lives_as_long_as_any_token,
        waiting_ends_with_a_revocation_or_with_time,
        nothing_is_revoked_before_the_database_is_initialised,
    }
    keys {
        the_ring_is_read_as_it_was_written,
        another_version_is_refused,
        of_64_parallel_changes_one_wins,
        a_taken_position_or_an_unknown_kid_is_refused,
    }
    clients {
        the_first_party_client_is_always_there,
        every_field_survives,
        changes_are_written,
        a_deleted_client_takes_its_sessions_along,
    }
    budgets {
        a_budget_is_used_up_and_fills_again,
        all_give_one_or_none_does,
        a_refund_gives_one_back,
        rates_of_one_key_are_apart,
        a_rule_named_twice_gives_two,
        under_contention_exactly_the_count_is_given,
    }
    events {
        every_field_survives,
        equal_events_share_a_row_and_are_counted,
        the_list_is_filtered_and_paged_newest_first,
    }
    meta {
        of_64_parallel_first_starts_one_wins,
        the_longest_life_never_falls,
        a_key_check_stays,
        it_can_be_written,
    }
    purge {
        only_what_is_over_goes,
        a_purge_is_bounded,
    }
}

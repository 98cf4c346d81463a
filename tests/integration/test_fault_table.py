"""Every row of the documented table of faults has tests, by name."""

import re
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
PAGE = HERE.parents[1] / "deploy" / "docs" / "faults.md"

# How a row's fault begins, and the tests that bring it about: file: function.
TESTED = {
    "a new connection says nothing": ["timeouts: a_new_connection_that_says_nothing_is_closed_by_the_header_timeout",
                                      "tls_faults: a_handshake_may_halt_at_any_byte",
                                      "proxy_protocol_faults: a_header_may_halt_at_any_byte"],
    "the request head stops": ["timeouts: a_head_that_stops_coming_is_408"],
    "the body stops coming": ["timeouts: a_request_body_that_stops_coming_ends_the_connection",
                              "stalls: a_client_that_stalls_alone_is_closed_whatever_the_services_timeout"],
    "the body's chunks are malformed": ["body_limits: a_malformed_chunked_body_is_400_and_never_whole_upstream",
                                        "body_limits: a_length_over_the_limit_is_413_before_the_upstream_hears_of_it",
                                        "body_limits: a_chunked_body_that_grows_over_the_limit_is_413_and_never_whole_upstream"],
    "the client leaves": ["client_leaves: the_service_hears_of_it_within_a_second",
                          "client_leaves: an_upload_that_the_service_does_not_read_is_over",
                          "client_leaves: a_silent_websocket_is_over",
                          "client_leaves: who_half_closes_behind_a_request_still_gets_a_quick_answer"],
    "the client reads slowly": ["timeouts: a_client_that_stops_reading_is_cut"],
    "the upstream's name has no address": ["upstream_names: a_name_that_has_no_address_is_502_until_it_has_one"],
    "no address takes a connection": ["upstream_names: when_no_address_takes_a_connection_it_is_502_after_one_more_look_up",
                                      "listening: nothing_that_listens_upstream_is_a_warning_with_address_and_cause"],
    "the upstream's name moves": ["upstream_names: a_name_that_moved_is_followed_though_the_pool_never_rests",
                                  "upstream_names: known_addresses_stay_in_use_while_a_look_up_takes_long"],
    "the upstream's certificate": ["tls_upstream: an_upstream_that_cannot_be_trusted_hears_nothing"],
    "the upstream closes an idle connection": ["upstream_reuse: what_was_closed_before_the_request_came_is_known_at_once"],
    "the same with another method": ["upstream_reuse: a_worker_that_dies_late_may_have_done_it_and_it_is_not_done_again"],
    "it closes or resets before a whole": ["fault_positions: an_answer_that_fails_at_any_byte_leaves_the_next_one_alone"],
    "it answers garbage": ["upstream_faults: garbage_is_502", "interim: a_flood_of_hints_ends_in_502"],
    "its response head, or an interim one": ["upstream_faults: a_head_over_the_limit_is_502_and_the_log_says_so"],
    "it sends no response head": ["timeouts: no_answer_in_time_is_504"],
    "it stops reading the request body": ["stalls: a_service_that_stops_reading_a_body_is_504",
                                          "stalls: a_client_that_stalls_as_well_hears_of_the_services_fault",
                                          "stalls: a_client_that_waits_for_100_and_a_service_that_is_silent_is_504"],
    "its response ends too early": ["upstream_faults: a_response_cut_at_any_byte_never_looks_whole",
                                    "upstream_faults: garbled_chunks_cut_the_response",
                                    "reset_in_upload: at_the_moment_of_the_next_piece_it_is_a_reset_a_hundred_times"],
    "its response falls silent": ["timeouts: a_response_body_that_stops_coming_is_cut"],
    "it answers before it has read": ["body_limits: an_answer_before_the_end_of_the_body_reaches_a_client_that_still_sends"],
    "it goes on working behind": ["upstream_reuse: a_request_prefers_what_served_its_own_user",
                                  "upstream_reuse: another_users_request_prefers_a_connection_that_has_rested",
                                  "upstream_reuse: with_reuse_off_nobody_waits_behind_anothers_finished_answer"],
    "the token ends while a body moves": ["expiry: every_kind_of_stream_ends_with_its_token",
                                          "expiry: an_upload_ends_with_its_token"],
    "`POSTERN_DRAIN_TIMEOUT` ends": ["drain_cut: the_drain_timeout_cuts_what_is_left",
                                     "websocket_close: an_idle_websocket_is_ended_with_a_close_frame_to_each_side"],
    "more than `POSTERN_MAX_CONNECTIONS`": ["overload: one_more_than_allowed_hears_503_and_the_others_go_on"],
    "another process listens": ["listening: a_port_that_is_another_processs_too_is_a_warning"],
    "no file descriptor left": ["overload: out_of_descriptors_the_gate_goes_on_and_recovers"],
    "SIGHUP, or a changed file": ["reload: a_file_that_will_not_do_is_an_error_in_the_log_and_the_old_secret_stays",
                                  "tls_reload: a_broken_pair_leaves_the_old_one_until_it_is_mended"],
    "the same with a broken file of `POSTERN_JWKS_FILE`": [
        "key_sets: a_spoilt_file_of_keys_keeps_its_old_ones_and_nothing_else_from_changing",
        "revoked: a_changed_file_is_read_and_a_wrong_line_keeps_the_old_list"],
}


def faults():
    """The first cell of every row."""
    cells = re.findall(r"^\| ([^|]+?) \|", PAGE.read_text(), re.MULTILINE)
    return [cell for cell in cells if cell != "fault"]


def test_every_row_is_tested_and_nothing_else_is_listed():
    rows = {fault: [begin for begin in TESTED if fault.startswith(begin)] for fault in faults()}
    assert {fault for fault, begins in rows.items() if len(begins) != 1} == set()
    assert sorted(begin for begins in rows.values() for begin in begins) == sorted(TESTED)


@pytest.mark.parametrize("test", [test for tests in TESTED.values() for test in tests])
def test_a_test_of_that_name_exists(test):
    file, _, name = test.partition(": ")
    assert f"\ndef test_{name}(" in (HERE / f"test_{file}.py").read_text()

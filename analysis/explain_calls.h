/*
 * explain_calls.h - what `kiwi explain` says about the findings on calls and peers: rows of explain.c's table.
 */
#ifndef KIWI_EXPLAIN_CALLS_H
#define KIWI_EXPLAIN_CALLS_H

extern const char explain_bad_fd[], explain_error_loop[], explain_retry_storm[], explain_no_timeout[],
        explain_conn_churn[], explain_chatty_io[], explain_slow_shutdown[];
#endif

;; The hottest path: hands a ring buffer's events to a guest's callback, straight from the kernel's
;; pages, which the shim has mapped over a memory of their own (libbpf-shim/ring.c):
;;
;;   0                  u64 consumer's position, which the kernel reads
;;   page               u64 producer's position, which the kernel writes
;;   2 page             the data, twice in a row, so that a record never wraps
;;   2 page + 2 size    state, ours alone:
;;                        +0 u64 cursor     position of the next record
;;                        +8 u64 end        where this batch ends
;;                       +16 u64 delivered  events handed over so far
;;                       +24 u64 truncated  of these, events longer than the guest's buffer
;;   3 page + 2 size    an interrupt's flags (libbpf-shim/interrupt.c)
;;
;; A record is { u32 length, with BUSY and DISCARD as its highest bits; u32 page offset; payload padded
;; to 8 bytes }.
;;
;; The cursor is moved before each call: whatever the callback does (return a negative number, trap,
;; exit, poll again, close), the next batch goes on after this event. What the cursor has passed is
;; given back to the kernel now and then and at the end; after a trap, by `release`.
(module
  (import "guest" "memory" (memory $guest 0))
  (import "ring" "memory" (memory $ring 0))
  (import "guest" "table" (table $callbacks 0 funcref))
  (import "ring" "page" (global $page i32))
  (import "ring" "mask" (global $mask i32))
  (import "ring" "state" (global $state i32))
  ;; Offset of a word that another thread, or a signal, sets when the batch is to end.
  (import "ring" "flags" (global $flags i32))
  (type $callback (func (param $context i32) (param $data i32) (param $size i32) (result i32)))

  ;; Releases what was read, so that the kernel may overwrite it. Atomic: after everything that was
  ;; read there.
  (func $release (export "release")
    (i64.atomic.store $ring (i32.const 0) (i64.load $ring (global.get $state))))

  ;; memory.copy leaves WebAssembly for C, which costs more than a small event. From 32 to 256 bytes go
  ;; in words, the last of which may lie over the one before: never past `size`.
  (func $copy (param $to i32) (param $from i32) (param $size i32)
    (local $last i32) (local $last_from i32)
    (if (i32.gt_u (i32.sub (local.get $size) (i32.const 32)) (i32.const 224))
      (then
        (memory.copy $guest $ring (local.get $to) (local.get $from) (local.get $size))
        (return)))
    (local.set $last (i32.add (local.get $to) (i32.sub (local.get $size) (i32.const 32))))
    (local.set $last_from
      (i32.add (local.get $from) (i32.sub (local.get $size) (i32.const 32))))
    (loop $words
      (if (i32.lt_u (local.get $to) (local.get $last))
        (then
          (v128.store $guest (local.get $to) (v128.load $ring (local.get $from)))
          (v128.store $guest offset=16 (local.get $to) (v128.load $ring offset=16 (local.get $from)))
          (local.set $to (i32.add (local.get $to) (i32.const 32)))
          (local.set $from (i32.add (local.get $from) (i32.const 32)))
          (br $words))))
    (v128.store $guest (local.get $last) (v128.load $ring (local.get $last_from)))
    (v128.store $guest offset=16 (local.get $last)
      (v128.load $ring offset=16 (local.get $last_from))))

  ;; Number of events handled, 0 when none is complete, or the negative number that the callback
  ;; returned. What the kernel adds meanwhile is left for the next call.
  (func (export "pump")
    (param $callback i32) (param $context i32) (param $data i32) (param $max i32) (result i32)
    (local $cursor i64) (local $released i64) (local $record i32) (local $header i32) (local $size i32)
    (local $count i32) (local $result i32)
    (local.set $released (i64.load $ring (global.get $state)))
    (i64.store $ring offset=8 (global.get $state) (i64.atomic.load $ring (global.get $page)))
    (block $done
      (loop $next
        (local.set $cursor (i64.load $ring (global.get $state)))
        (br_if $done
          (i64.ge_u (local.get $cursor) (i64.load $ring offset=8 (global.get $state))))
        ;; Producers find space while a guest is slow: all but the 4 KiB that it is in. Here, where the
        ;; cursor has not passed a record that is still to be copied.
        (if (i64.ge_u (i64.sub (local.get $cursor) (local.get $released)) (i64.const 4096))
          (then
            (local.set $released (local.get $cursor))
            (call $release)))
        (local.set $record
          (i32.add
            (i32.shl (global.get $page) (i32.const 1))
            (i32.and (i32.wrap_i64 (local.get $cursor)) (global.get $mask))))
        ;; Atomic: the payload is complete when BUSY is clear. BUSY is the sign bit.
        (local.set $header (i32.atomic.load $ring (local.get $record)))
        (br_if $done (i32.lt_s (local.get $header) (i32.const 0)))
        (local.set $size (i32.and (local.get $header) (i32.const 0x3fffffff)))
        (local.set $cursor
          (i64.add (local.get $cursor)
            (i64.extend_i32_u
              (i32.and (i32.add (local.get $size) (i32.const 15)) (i32.const -8)))))
        (i64.store $ring (global.get $state) (local.get $cursor))
        (br_if $next (i32.ne (i32.const 0) (i32.and (local.get $header) (i32.const 0x40000000))))
        (if (i32.gt_u (local.get $size) (local.get $max))
          (then
            (local.set $size (local.get $max))
            (i64.store $ring offset=24 (global.get $state)
              (i64.add (i64.load $ring offset=24 (global.get $state)) (i64.const 1)))))
        (call $copy
          (local.get $data) (i32.add (local.get $record) (i32.const 8)) (local.get $size))
        (i64.store $ring offset=16 (global.get $state)
          (i64.add (i64.load $ring offset=16 (global.get $state)) (i64.const 1)))
        (local.set $count (i32.add (local.get $count) (i32.const 1)))
        (local.set $result
          (call_indirect $callbacks (type $callback)
            (local.get $context) (local.get $data) (local.get $size) (local.get $callback)))
        (if (i32.lt_s (local.get $result) (i32.const 0))
          (then
            (call $release)
            (return (local.get $result))))
        (br_if $next (i32.eqz (i32.atomic.load $ring (global.get $flags))))))
    (call $release)
    (local.get $count)))

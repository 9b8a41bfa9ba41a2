;; The hot path: hands a batch of staged events to a guest's callback, without JavaScript.
;;
;; A region of the stage starts with a header, then come records as the shim stores them:
;;
;;   header  +0 u32 cursor     offset of the next record
;;           +4 u32 end        offset after the last record
;;           +8 u64 delivered  events handed over so far
;;          +16 u64 truncated  of these, events longer than the guest's buffer
;;   record  +0 u32 size, +4 u32 cpu, +8 payload, padded to 8 bytes
;;
;; The cursor is moved before each call: whatever the callback does (return a negative number, trap,
;; exit, poll again), the next batch goes on after this event. Cursor and end are read anew after it,
;; since a poll of the same buffer inside the callback may have emptied and refilled the region. The
;; flags are an interrupt's (libbpf-shim/interrupt.c), whose page is mapped into the stage.
(module
  (import "guest" "memory" (memory $guest 0))
  (import "stage" "memory" (memory $stage 0))
  (import "guest" "table" (table $callbacks 0 funcref))
  ;; Offset of a word that another thread, or a signal, sets when the batch is to end.
  (import "stage" "flags" (global $flags i32))
  (type $callback (func (param $context i32) (param $data i32) (param $size i32) (result i32)))

  ;; Number of events handled, or the negative number that the callback returned.
  (func (export "pump")
    (param $region i32) (param $callback i32) (param $context i32) (param $data i32)
    (param $max i32) (result i32)
    (local $record i32) (local $size i32) (local $count i32) (local $result i32)
    (local $to i32) (local $from i32) (local $last i32)
    (loop $next
      (local.set $record (i32.load $stage (local.get $region)))
      (if (i32.ge_u (local.get $record) (i32.load $stage offset=4 (local.get $region)))
        (then (return (local.get $count))))
      (local.set $size (i32.load $stage (local.get $record)))
      (i32.store $stage (local.get $region)
        (i32.add (local.get $record)
          (i32.and (i32.add (local.get $size) (i32.const 15)) (i32.const -8))))
      (if (i32.gt_u (local.get $size) (local.get $max))
        (then
          (local.set $size (local.get $max))
          (i64.store $stage offset=16 (local.get $region)
            (i64.add (i64.load $stage offset=16 (local.get $region)) (i64.const 1)))))
      ;; memory.copy leaves WebAssembly for C, which costs more than a small event. From 32 to 256
      ;; bytes go in words, the last of which may lie over the one before: never past `size`.
      (if (i32.le_u (i32.sub (local.get $size) (i32.const 32)) (i32.const 224))
        (then
          (local.set $to (local.get $data))
          (local.set $from (local.get $record))
          (local.set $last (i32.add (local.get $data) (i32.sub (local.get $size) (i32.const 32))))
          (loop $words
            (if (i32.lt_u (local.get $to) (local.get $last))
              (then
                (v128.store $guest (local.get $to) (v128.load $stage offset=8 (local.get $from)))
                (v128.store $guest offset=16 (local.get $to)
                  (v128.load $stage offset=24 (local.get $from)))
                (local.set $to (i32.add (local.get $to) (i32.const 32)))
                (local.set $from (i32.add (local.get $from) (i32.const 32)))
                (br $words))))
          (local.set $from
            (i32.add (local.get $record) (i32.sub (local.get $size) (i32.const 32))))
          (v128.store $guest (local.get $last) (v128.load $stage offset=8 (local.get $from)))
          (v128.store $guest offset=16 (local.get $last)
            (v128.load $stage offset=24 (local.get $from))))
        (else
          (memory.copy $guest $stage
            (local.get $data) (i32.add (local.get $record) (i32.const 8)) (local.get $size))))
      (i64.store $stage offset=8 (local.get $region)
        (i64.add (i64.load $stage offset=8 (local.get $region)) (i64.const 1)))
      (local.set $count (i32.add (local.get $count) (i32.const 1)))
      (local.set $result
        (call_indirect $callbacks (type $callback)
          (local.get $context) (local.get $data) (local.get $size) (local.get $callback)))
      (if (i32.lt_s (local.get $result) (i32.const 0)) (then (return (local.get $result))))
      (br_if $next (i32.eqz (i32.atomic.load $stage (global.get $flags)))))
    (local.get $count)))

/** Kinds of programs and of attaching, by the kernel's numbers (`linux/bpf.h`). */

/** `enum bpf_prog_type`, as far as attaching needs it. */
export const ProgramType = {
  SOCKET_FILTER: 1,
  KPROBE: 2,
  SCHED_CLS: 3,
  TRACEPOINT: 5,
  XDP: 6,
  PERF_EVENT: 7,
  CGROUP_SKB: 8,
  CGROUP_SOCK: 9,
  SOCK_OPS: 13,
  CGROUP_DEVICE: 15,
  RAW_TRACEPOINT: 17,
  CGROUP_SOCK_ADDR: 18,
  FLOW_DISSECTOR: 22,
  CGROUP_SYSCTL: 23,
  RAW_TRACEPOINT_WRITABLE: 24,
  CGROUP_SOCKOPT: 25,
  TRACING: 26,
  STRUCT_OPS: 27,
  EXT: 28,
  LSM: 29,
  SK_LOOKUP: 30,
  NETFILTER: 32,
} as const;

/** `enum bpf_attach_type`, as far as attaching needs it. */
export const AttachType = {
  TRACE_RAW_TP: 23,
  TRACE_ITER: 28,
  XDP_DEVMAP: 33,
  XDP_CPUMAP: 35,
  XDP: 37,
  LSM_CGROUP: 43,
  TCX_INGRESS: 46,
  TCX_EGRESS: 47,
  NETKIT_PRIMARY: 54,
  NETKIT_PEER: 55,
  TRACE_FSESSION: 58,
} as const;

// One HTTPS request to a port of a pod, through the API server's port-forward.
//
// The way in is a WebSocket on .../pods/POD/portforward?ports=N with the subprotocol
// v4.channel.k8s.io, which the API server passes on to the kubelet and the container runtime: the
// first byte of each message is the channel (0 data, 1 errors), and the first message of each
// channel holds the port, little-endian. Within it runs TLS of its own.
// Source: k8s.io/kubelet/pkg/cri/streaming/portforward/websocket.go (v0.34).
//
// Thread safety: any thread; blocks. Each call makes a connection of its own and runs on the
// caller's thread.
#pragma once

#include <atomic>

#include "runtime/base/random.h"
#include "runtime/workload/cluster_access.h"
#include "runtime/workload/workload.h"

namespace capstan {

// Errors: kUnavailable and kDeadlineExceeded where the cluster or the port does not answer,
// kNotFound where there is no such pod, kPermissionDenied where port-forward is forbidden, kInvalid
// where the certificates are unusable, kCancelled soon after `interrupted` (may be null) is true.
Result<WorkloadResponse> send_to_pod(const ClusterAccess& access, const PodRequest& request,
                                     Random& random,
                                     const std::atomic<bool>* interrupted = nullptr);

}  // namespace capstan

// Conditions as Cluster API's v1beta1 had them, in status.deprecated.v1beta1.conditions, for the
// clients of v1beta1: conversion makes them its status.conditions.
//
// Thread safety: belongs to one call. Lifetime: request and reply outlive it.
//
// Example:
//   OldConditions old(request, reply);
//   old.mirror("DataSecretAvailable", "DataSecretAvailable", "Info");
//   old.summarize({"DataSecretAvailable", "CertificatesAvailable"});
//   old.write();
#pragma once

#include <capstan/reconcile.h>

#include <optional>
#include <string>
#include <vector>

namespace capstan::kubeadm {

using sdk::Json;

struct OldCondition {
  std::string type;
  std::string status;
  std::string severity = "";  // Error, Warning or Info; only of False
  std::string reason = "";    // "" where true
  std::string message = "";
  bool operator==(const OldCondition&) const = default;
};

// The Ready of an object, as v1beta1 has it.
std::optional<OldCondition> old_ready(const Json& object);

class OldConditions {
 public:
  // Starts with what the object has.
  OldConditions(const sdk::Request& request, sdk::Reply& reply);

  std::optional<OldCondition> get(const std::string& type) const;
  void set(OldCondition condition);
  // From today's condition of the reply or, where it sets none, of the object. `reason` replaces
  // today's where it is false.
  void mirror(const std::string& source, const std::string& target, const std::string& severity,
              const std::string& reason = "");
  // From the Ready of many objects of a kind: the worst, with how many are done.
  void aggregate(const std::string& target, const std::string& kind,
                 const std::vector<const Json*>& objects);
  // Ready is the worst of these; of equals the first counts.
  void summarize(const std::vector<std::string>& types);
  // To the reply, where anything differs. lastTransitionTime moves with every difference.
  void write();

 private:
  const sdk::Request& request_;
  sdk::Reply& reply_;
  std::vector<OldCondition> conditions_;
};

}  // namespace capstan::kubeadm

// The program that capstan_conformance_tests makes: one test a case of the kit.
#include <capstan/conformance.h>

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  capstan::sdk::ConformanceOptions options;
  options.program = CAPSTAN_CONFORMANCE_PROGRAM;
  options.plugin = CAPSTAN_CONFORMANCE_PLUGIN;
  options.level = CAPSTAN_CONFORMANCE_LEVEL;
  options.seed = CAPSTAN_CONFORMANCE_SEED;
  options.modes = CAPSTAN_CONFORMANCE_MODES;
  options.config = CAPSTAN_CONFORMANCE_CONFIG;
  if (!capstan::sdk::register_conformance_tests(options)) return 1;
  return RUN_ALL_TESTS();
}

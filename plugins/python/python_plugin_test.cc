// Plugins that are folders of Python code, in this process, through the host's own loader.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <future>
#include <thread>

#include "runtime/plugin/plugin_folder.h"
#include "runtime/plugin/plugin_loader.h"
#include "runtime/store/store_testing.h"

namespace capstan {
namespace {

namespace fs = std::filesystem;

using store_testing::TemporaryFolder;
using testing::HasSubstr;

constexpr const char* kHead = R"(
import capstan

class Thing(capstan.Reconciler):
    kind = "Thing"
    def reconcile(self, request, reply, call):
)";

class PythonPluginTest : public testing::Test {
 protected:
  // A plugin whose `reconcile` has this body, in a module of its own name.
  std::string write_plugin(const std::string& name, const std::string& body,
                           const std::string& more = "") {
    const fs::path folder = folder_.path() / name;
    fs::create_directories(folder);
    const std::string module = "test_" + name;
    std::ofstream(folder / "plugin.yaml")
        << "id: test." << name << "\nname: " << name << "\nversion: 1.0.0\n"
        << "python: {module: " << module << "}\n"
        << "reconciles: [{group: example.dev, kind: Thing}]\n"
        << more;
    std::ofstream code(folder / (module + ".py"));
    code << kHead;
    for (const std::string& line : lines(body)) code << "        " << line << "\n";
    return folder.string();
  }

  Result<std::unique_ptr<Provider>> load(const std::string& folder, bool activate = true) {
    LoaderOptions options{.ports = {.clock = clock_}};
    options.ports.events = [this](const EventRecord& event) {
      if (on_event_) on_event_(event);
    };
    PluginConfig config;
    config.name = fs::path(folder).filename();
    config.file = folder;
    config.isolation = "in-process";
    ProbeCache cache("");
    auto provider = load_plugin(config, options, cache);
    if (provider.ok() && activate) TRY((*provider)->activate(Json::object()));
    return provider;
  }

  ProviderReply reconcile(const std::string& name, const std::string& body) {
    auto plugin = load(write_plugin(name, body));
    if (!plugin.ok()) {
      ADD_FAILURE() << plugin.error().message;
      return {};
    }
    return (*plugin)->reconcile({}, kRequest);
  }

  static std::vector<std::string> lines(const std::string& text) {
    std::vector<std::string> out(1);
    for (const char c : text) {
      if (c == '\n') {
        out.emplace_back();
      } else {
        out.back() += c;
      }
    }
    return out;
  }

  static constexpr const char* kRequest =
      R"({"object":{"kind":"Thing","metadata":{"name":"one","namespace":"default","uid":"u1"}},)"
      R"("now":"2026-01-01T00:00:00Z"})";

  TemporaryFolder folder_;
  SystemClock clock_;
  std::function<void(const EventRecord&)> on_event_;
};

TEST_F(PythonPluginTest, a_folder_is_a_plugin_like_any_other) {
  auto plugin = load(write_plugin("simple", R"(reply.status("seen", request.object.name)
reply.requeue_after(1.5))"));
  ASSERT_TRUE(plugin.ok()) << plugin.error().message;
  EXPECT_EQ((*plugin)->name(), "simple");
  EXPECT_EQ((*plugin)->origin(), (folder_.path() / "simple").string());
  const ProviderReply reply = (*plugin)->reconcile({}, kRequest);
  EXPECT_EQ(reply.status, Code::kOk) << reply.error("simple").message;
  EXPECT_EQ(reply.text, R"({"patch":{"status":{"seen":"one"}},"requeueAfterMs":1500})");
}

TEST_F(PythonPluginTest, an_error_arrives_with_code_field_and_terminal) {
  const ProviderReply reply =
      reconcile("invalid", R"(raise capstan.Invalid("no such image", field="/spec/image"))");
  EXPECT_EQ(reply.status, Code::kInvalid);
  ASSERT_EQ(reply.diagnostics.size(), 1u);
  EXPECT_EQ(reply.diagnostics[0].summary, "no such image");
  EXPECT_EQ(reply.diagnostics[0].field, "/spec/image");
  EXPECT_TRUE(reply.terminal());
}

TEST_F(PythonPluginTest, an_exception_has_its_traceback_in_the_detail) {
  const ProviderReply reply = reconcile("raises", "return {}['absent']");
  EXPECT_EQ(reply.status, Code::kInternal);
  ASSERT_EQ(reply.diagnostics.size(), 1u);
  EXPECT_EQ(reply.diagnostics[0].summary, "reconcile raised KeyError: 'absent'");
  EXPECT_THAT(reply.diagnostics[0].detail, HasSubstr("test_raises.py"));
}

TEST_F(PythonPluginTest, what_would_end_the_process_does_not) {
  for (const char* body :
       {"raise SystemExit(3)", "raise KeyboardInterrupt()", "import sys; sys.exit(1)"}) {
    static int number = 0;
    const ProviderReply reply = reconcile("exits" + std::to_string(++number), body);
    EXPECT_EQ(reply.status, Code::kInternal) << body;
  }
}

TEST_F(PythonPluginTest, modules_written_in_c_are_found) {
  const ProviderReply reply = reconcile("imports", R"(import ctypes, decimal, hashlib, ssl, zlib
reply.status("openssl", ssl.OPENSSL_VERSION[:7]))");
  EXPECT_EQ(reply.status, Code::kOk) << reply.error("imports").message;
  EXPECT_THAT(reply.text, HasSubstr("OpenSSL"));
}

TEST_F(PythonPluginTest, neither_the_environment_nor_the_systems_packages_are_seen) {
  const fs::path strange = folder_.path() / "strange";
  fs::create_directories(strange);
  std::ofstream(strange / "strange_module.py") << "";
  ::setenv("PYTHONPATH", strange.c_str(), 1);
  const ProviderReply reply = reconcile("alone", R"(import sys
reply.status("path", [p for p in sys.path if "dist-packages" in p or "strange" in p]))");
  ::unsetenv("PYTHONPATH");
  EXPECT_EQ(reply.text, R"({"patch":{"status":{"path":[]}}})");
}

TEST_F(PythonPluginTest, while_the_host_works_another_plugin_may_run) {
  auto first = load(write_plugin("waits", R"(self.host.events.record(request.object, "A", "b"))"));
  auto second = load(write_plugin("runs", "pass"));
  ASSERT_TRUE(first.ok() && second.ok());
  std::atomic<int> status{-1};
  on_event_ = [&](const EventRecord&) {
    // On the first's thread, inside of its call: it must not hold the interpreter's lock.
    auto other = std::async(std::launch::async, [&] { return (*second)->reconcile({}, kRequest); });
    if (other.wait_for(std::chrono::seconds(20)) == std::future_status::ready) {
      status = static_cast<int>(other.get().status);
    } else {
      std::quick_exit(1);  // neither can end
    }
  };
  EXPECT_EQ((*first)->reconcile({}, kRequest).status, Code::kOk);
  EXPECT_EQ(status, static_cast<int>(Code::kOk));
}

TEST_F(PythonPluginTest, a_call_that_does_not_come_back_is_interrupted_after_its_deadline) {
  auto plugin = load(write_plugin("loops", R"(while True:
    pass)"));
  ASSERT_TRUE(plugin.ok()) << plugin.error().message;
  ProviderCall call;
  call.deadline = clock_.monotonic();
  const ProviderReply reply = (*plugin)->reconcile(call, kRequest);
  EXPECT_EQ(reply.status, Code::kDeadlineExceeded);
  // The thread is as good as before.
  EXPECT_EQ(reconcile("after", "pass").status, Code::kOk);
}

TEST_F(PythonPluginTest, calls_come_from_many_threads) {
  auto plugin = load(write_plugin("many", R"(reply.status("n", request.object.name))"));
  ASSERT_TRUE(plugin.ok()) << plugin.error().message;
  std::vector<std::thread> threads;
  std::atomic<int> good{0};
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&, i] {
      const std::string name = "object" + std::to_string(i);
      const std::string request =
          R"({"object":{"kind":"Thing","metadata":{"name":")" + name + R"("}}})";
      for (int n = 0; n < 50; ++n) {
        const ProviderReply reply = (*plugin)->reconcile({}, request);
        good += reply.text == R"({"patch":{"status":{"n":")" + name + R"("}}})" ? 1 : 0;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(good, 400);
}

TEST_F(PythonPluginTest, activate_may_follow_deactivate_and_reads_the_code_anew) {
  const std::string folder = write_plugin("again", R"(reply.status("v", 1))");
  auto plugin = load(folder);
  ASSERT_TRUE(plugin.ok()) << plugin.error().message;
  (*plugin)->deactivate();
  write_plugin("again", R"(reply.status("v", 22))");
  ASSERT_TRUE((*plugin)->activate(Json::object()).ok());
  EXPECT_EQ((*plugin)->reconcile({}, kRequest).text, R"({"patch":{"status":{"v":22}}})");
}

TEST_F(PythonPluginTest, code_that_does_not_import_fails_at_activate_with_its_words) {
  const std::string folder = write_plugin("broken", "pass");
  std::ofstream(folder + "/test_broken.py") << "def (:\n";
  const auto plugin = load(folder);
  ASSERT_FALSE(plugin.ok());
  EXPECT_THAT(plugin.error().message, HasSubstr("SyntaxError"));
}

TEST_F(PythonPluginTest, reading_a_folder_runs_none_of_its_code) {
  const std::string folder = write_plugin("quiet", "pass");
  std::ofstream(folder + "/test_quiet.py") << "open('" << folder << "/ran', 'w')\n";
  EXPECT_TRUE(read_plugin_file(folder).ok());
  EXPECT_TRUE(load(folder, false).ok());
  EXPECT_FALSE(fs::exists(folder + "/ran"));
}

TEST_F(PythonPluginTest, a_kept_manifest_is_taken_until_a_source_of_it_changes) {
  const std::string folder = write_plugin("made", "pass");
  const auto made = read_plugin_file(folder);
  ASSERT_TRUE(made.ok()) << made.error().message;
  Json changed = *parse_json(made->manifest_text);
  changed["version"] = "7.0.0";
  std::ofstream(folder + "/manifest.json") << dump_json(changed);
  EXPECT_EQ(read_plugin_file(folder)->manifest.version, "7.0.0");
  fs::last_write_time(folder + "/plugin.yaml",
                      fs::last_write_time(folder + "/manifest.json") + std::chrono::seconds(2));
  EXPECT_EQ(read_plugin_file(folder)->manifest.version, "1.0.0");
}

TEST_F(PythonPluginTest, what_is_wrong_with_a_folder_is_told_in_the_tools_words) {
  const std::string folder = write_plugin("wrong", "pass");
  fs::remove(folder + "/test_wrong.py");
  const auto file = read_plugin_file(folder);
  ASSERT_FALSE(file.ok());
  EXPECT_THAT(file.error().message, HasSubstr("there is no file"));
}

TEST_F(PythonPluginTest, a_language_that_this_host_does_not_run_is_named) {
  const auto file = read_plugin_file(write_plugin("cobol", "pass", "language: cobol\n"));
  ASSERT_FALSE(file.ok());
  EXPECT_THAT(file.error().message, HasSubstr("runs no plugins in cobol"));
}

}  // namespace
}  // namespace capstan

// serve: a model over HTTP.
#include <malloc.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <thread>

#include "src/app/commands.h"
#include "src/base/error.h"
#include "src/base/file.h"
#include "src/base/log.h"
#include "src/base/thread_team.h"
#include "src/data/row.h"
#include "src/server/api.h"
#include "src/server/http_server.h"

namespace latent {

namespace {

std::atomic<int> stopped_by = 0;
std::atomic<bool> asked_to_reload = false;

void on_signal(int signal) {
  if (signal == SIGHUP)
    asked_to_reload = true;
  else
    stopped_by = signal;
}

void take_signals() {
  struct sigaction action {};
  action.sa_handler = on_signal;
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) ::sigaction(signal, &action, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
}

int whole_option(const CommandLine& line, const char* name, int least, int most) {
  const auto value = line.get<int64_t>(name);
  if (value < least || value > most)
    throw UsageError(std::string("--") + name + " must be from " + std::to_string(least) + " to " +
                     std::to_string(most));
  return static_cast<int>(value);
}

/// The one line of the file.
std::string token_of(const std::string& path) {
  const std::string text = read_file(path);
  const std::string token(trimmed(text.substr(0, text.find_first_of("\r\n"))));
  if (token.empty()) throw Error(path + ": holds no token; it belongs into the first line");
  return token;
}

/// "movielens" of runs/movielens/model.pt, else the file's own name.
std::string name_of_model(const std::string& path) {
  const std::filesystem::path file = std::filesystem::absolute(path);
  return file.filename() == "model.pt" && file.has_parent_path() &&
                 !file.parent_path().filename().empty()
             ? file.parent_path().filename().string()
             : file.stem().string();
}

void add_options(CommandLine& line) {
  line.add()("port", "to listen on; 0: any that is free",
             cxxopts::value<int64_t>()->default_value("8000"), "PORT")(
      "host", "address to listen on; 0.0.0.0: all of the machine's",
      cxxopts::value<std::string>()->default_value("127.0.0.1"), "ADDRESS")(
      "name", "the model's name under /v2/models; else that of its run or file",
      cxxopts::value<std::string>(), "NAME")(
      "token-file", "file with a token that every request must bring (Authorization: Bearer)",
      cxxopts::value<std::string>(), "FILE")(
      "max-k", "the longest list that may be asked for",
      cxxopts::value<int64_t>()->default_value("1000"), "N")(
      "max-batch", "the most users, pairs or items of a request",
      cxxopts::value<int64_t>()->default_value("1000"), "N")(
      "max-body", "the longest body of a request, in bytes",
      cxxopts::value<int64_t>()->default_value("8388608"), "BYTES")(
      "max-connections", "at a time", cxxopts::value<int64_t>()->default_value("256"), "N")(
      "timeout", "seconds for a request to come",
      cxxopts::value<int64_t>()->default_value("20"), "SECONDS");
}

/// Looks at the file once a second, and at once when SIGHUP asks.
void watch(LiveModel& live, const std::atomic<bool>& end) {
  using Clock = std::chrono::steady_clock;
  auto next = Clock::now() + std::chrono::seconds(1);
  while (!end) {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    if (asked_to_reload.exchange(false)) {
      live.reload();
    } else if (Clock::now() >= next) {
      live.look();
      next = Clock::now() + std::chrono::seconds(1);
    }
  }
}

}  // namespace

int run_serve(int argc, char** argv) {
  CommandLine line("serve MODEL [options]",
                   "Answers over HTTP until SIGTERM or Ctrl-C: lists, scores, fold-in, KServe's "
                   "protocol, and a page to try it. SIGHUP or a changed file swaps the model.",
                   "latent serve runs/movielens/model.pt --port 8000");
  add_options(line);
  if (!line.parse(argc, argv, {"MODEL"}, 1)) return 0;
  HttpLimits limits;
  limits.body_bytes = whole_option(line, "max-body", 1, 1 << 30);
  limits.connections = whole_option(line, "max-connections", 1, 900);
  limits.request_seconds = whole_option(line, "timeout", 1, 3600);
  ApiOptions options;
  options.limits = {whole_option(line, "max-k", 1, 1 << 30),
                    whole_option(line, "max-batch", 1, 1 << 30)};
  if (line.has("token-file")) options.token = token_of(line.get<std::string>("token-file"));
  const std::string path = model_path(line.word(0));
  options.name = line.has("name") ? line.get<std::string>("name") : name_of_model(path);
  if (options.name.empty()) throw UsageError("--name must not be empty");
  const HttpAddress address{line.get<std::string>("host"), whole_option(line, "port", 0, 65535)};
  take_signals();
  // Copies of models are given back to the system as a whole when the next one comes.
  ::mallopt(M_MMAP_THRESHOLD, 1 << 20);
  LiveModel live(path);
  tell_if_unfinished(*live.get());
  Api api(live, options);
  std::atomic<int> inside = 0;
  const HttpHandler answer = [&](const HttpRequest& request) {
    HttpResponse out;
    std::exception_ptr failure;
    struct Inside {
      explicit Inside(std::atomic<int>& count) : count(count), alone(count.fetch_add(1) == 0) {}
      ~Inside() { --count; }
      std::atomic<int>& count;
      bool alone;
    } const here(inside);
    // Where requests are many each stays in its own thread.
    if (here.alone) return api.answer(request);
    ThreadTeam::of_this_thread().run(0, [&] {
      try {
        out = api.answer(request);
      } catch (...) {
        failure = std::current_exception();
      }
      return Share();
    });
    if (failure) std::rethrow_exception(failure);
    return out;
  };
  HttpServer server(address, limits,
                    {answer, [&](const HttpRequest& request) { api.authorise(request); },
                     [&](int status) { api.count_refusal(status); }});
  const bool v6 = address.host.find(':') != std::string::npos;
  say("serving " + path + " on http://" + (v6 ? "[" + address.host + "]" : address.host) + ":" +
      std::to_string(server.port()));
  std::atomic<bool> end = false;
  std::thread watcher([&] { watch(live, end); });
  const bool all_answered = server.run([&] {
    if (stopped_by != 0) api.drain();
    return stopped_by != 0;
  });
  end = true;
  watcher.join();
  if (!all_answered) {
    say("stopped before every request was answered");
    std::_Exit(1);  // their threads use what a return would take away
  }
  say("stopped");
  return 0;
}

}  // namespace latent

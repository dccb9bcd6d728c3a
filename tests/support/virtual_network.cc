#include "tests/support/virtual_network.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <map>
#include <mutex>
#include <random>
#include <thread>
#include <vector>

#include "aggregation/base/file_handle.h"

namespace tributary {
namespace {

using Clock = std::chrono::steady_clock;

struct Host {
  FileHandle space, tun;
};

tl::unexpected<Error> NotAllowed(const char* what) {
  return MakeError(Code::kFailedPrecondition, "{}: {}", what, std::strerror(errno));
}

Status SwitchOn(const char* device, const char* address) {
  const FileHandle socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  ifreq request{};
  std::strncpy(request.ifr_name, device, IFNAMSIZ - 1);
  if (address != nullptr) {
    auto& in = reinterpret_cast<sockaddr_in&>(request.ifr_addr);
    in.sin_family = AF_INET;
    ::inet_pton(AF_INET, address, &in.sin_addr);
    if (::ioctl(socket.get(), SIOCSIFADDR, &request) != 0) return NotAllowed("an address");
    ::inet_pton(AF_INET, "255.255.255.0", &in.sin_addr);
    if (::ioctl(socket.get(), SIOCSIFNETMASK, &request) != 0) return NotAllowed("a netmask");
  }
  request.ifr_flags = IFF_UP | IFF_RUNNING;
  if (::ioctl(socket.get(), SIOCSIFFLAGS, &request) != 0) return NotAllowed("a device that is up");
  return {};
}

// On a thread of its own, which stays in the namespace that it makes.
Status MakeHost(const std::string& address, Host* host) {
  if (::unshare(CLONE_NEWNET) != 0) return NotAllowed("a network namespace");
  host->space = FileHandle(::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC));
  host->tun = FileHandle(::open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK));
  ifreq request{};
  std::strncpy(request.ifr_name, "wire0", IFNAMSIZ - 1);
  request.ifr_flags = IFF_TUN | IFF_NO_PI;
  if (host->space.get() < 0 || host->tun.get() < 0 ||
      ::ioctl(host->tun.get(), TUNSETIFF, &request) != 0)
    return NotAllowed("/dev/net/tun");
  RETURN_IF_ERROR(SwitchOn("lo", nullptr));
  return SwitchOn("wire0", address.c_str());
}

}  // namespace

struct VirtualNetwork::Wire {
  std::vector<Host> hosts;
  std::mt19937_64 random;
  std::mutex mutex;
  std::vector<Line> lines;
  std::vector<Clock::time_point> free_at;  // when a host may send its next packet
  std::multimap<Clock::time_point, std::pair<size_t, std::string>> under_way;
  std::atomic<bool> is_stopping = false;
  std::thread thread;

  void Carry() {
    while (!is_stopping) {
      std::vector<pollfd> polls;
      for (const Host& host : hosts) polls.push_back({host.tun.get(), POLLIN, 0});
      ::poll(polls.data(), polls.size(), under_way.empty() ? 20 : 1);
      for (size_t from = 0; from < hosts.size(); ++from) TakeFrom(from);
      const auto now = Clock::now();
      while (!under_way.empty() && under_way.begin()->first <= now) {
        const auto& [to, packet] = under_way.begin()->second;
        (void)!::write(hosts[to].tun.get(), packet.data(), packet.size());
        under_way.erase(under_way.begin());
      }
    }
  }

  void TakeFrom(size_t from) {
    std::string packet(65'536, '\0');
    for (;;) {
      const ssize_t size = ::read(hosts[from].tun.get(), packet.data(), packet.size());
      if (size < 20) return;
      // IPv4, and the last byte of where it goes is the host's number.
      const size_t to = static_cast<uint8_t>(packet[19]) - size_t{1};
      if ((packet[0] >> 4 & 15) == 4 && to < hosts.size())
        Send(from, to, packet.substr(0, static_cast<size_t>(size)));
    }
  }

  void Send(size_t from, size_t to, std::string packet) {
    constexpr auto kQueue = std::chrono::milliseconds(300);  // what a slow line holds
    const std::scoped_lock lock(mutex);
    const Line &out = lines[from], &in = lines[to];
    std::uniform_real_distribution<double> draw(0, 1);
    if (out.is_cut || in.is_cut || draw(random) < out.loss || draw(random) < in.loss) return;
    auto at = Clock::now();
    if (out.bytes_per_second > 0) {
      at = std::max(at, free_at[from]);
      if (at - Clock::now() > kQueue) return;
      at += std::chrono::microseconds(static_cast<int64_t>(packet.size()) * 1'000'000 /
                                      out.bytes_per_second);
      free_at[from] = at;
    }
    under_way.emplace(at + out.delay + in.delay, std::pair(to, std::move(packet)));
  }
};

VirtualNetwork::VirtualNetwork(std::unique_ptr<Wire> wire) : wire_(std::move(wire)) {}

Result<std::unique_ptr<VirtualNetwork>> VirtualNetwork::Make(int hosts, uint64_t seed) {
  auto wire = std::make_unique<Wire>();
  wire->random.seed(seed);
  wire->hosts.resize(static_cast<size_t>(hosts));
  wire->lines.resize(wire->hosts.size());
  wire->free_at.resize(wire->hosts.size());
  for (int i = 0; i < hosts; ++i) {
    Status made;
    std::thread([&] {
      made = MakeHost(AddressOf(i), &wire->hosts[static_cast<size_t>(i)]);
    }).join();
    if (!made) return tl::unexpected(made.error());
  }
  wire->thread = std::thread([carried = wire.get()] { carried->Carry(); });
  return std::unique_ptr<VirtualNetwork>(new VirtualNetwork(std::move(wire)));
}

VirtualNetwork::~VirtualNetwork() {
  wire_->is_stopping = true;
  wire_->thread.join();
}

std::string VirtualNetwork::AddressOf(int host) { return fmt::format("10.77.0.{}", host + 1); }

void VirtualNetwork::Set(int host, const Line& line) {
  const std::scoped_lock lock(wire_->mutex);
  wire_->lines.at(static_cast<size_t>(host)) = line;
}

void VirtualNetwork::In(int host, const std::function<void()>& call) const {
  const FileHandle home(::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC));
  const Host& there = wire_->hosts.at(static_cast<size_t>(host));
  TRIBUTARY_CHECK(::setns(there.space.get(), CLONE_NEWNET) == 0, "a namespace can be entered");
  call();
  TRIBUTARY_CHECK(::setns(home.get(), CLONE_NEWNET) == 0, "one comes home");
}

}  // namespace tributary

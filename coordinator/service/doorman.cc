#include "coordinator/service/doorman.h"

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace tributary::service {
namespace {

constexpr int64_t kWaitingEach = 16;    // for a place, as many as there are places times this
constexpr int kLookMilliseconds = 250;  // at who waits too long
// A stranger's handshake ends by gRPC's own clock, which begins a little later than ours.
constexpr Duration kMore = std::chrono::seconds(1);

void Watch(int epoll, int fd, uint32_t events) {
  epoll_event event{};
  event.events = events;
  event.data.fd = fd;
  TRIBUTARY_CHECK(::epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) == 0, "a descriptor is watched");
}

}  // namespace

Result<std::unique_ptr<Doorman>> Doorman::Open(const std::string& listen, const DoorLimits& limits,
                                               Refusals& refusals) {
  auto doorman = std::unique_ptr<Doorman>(new Doorman(limits, refusals));
  ASSIGN_OR_RETURN(Listeners listeners, ListenOn(listen));
  doorman->port_ = listeners.port;
  doorman->listeners_ = std::move(listeners.sockets);
  doorman->epoll_ = FileHandle(::epoll_create1(EPOLL_CLOEXEC));
  doorman->wake_ = FileHandle(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (doorman->epoll_.get() < 0 || doorman->wake_.get() < 0)
    return MakeError(Code::kUnavailable, "cannot listen on {}: no descriptors are left", listen);
  Watch(doorman->epoll_.get(), doorman->wake_.get(), EPOLLIN);
  for (const FileHandle& listener : doorman->listeners_)
    Watch(doorman->epoll_.get(), listener.get(), EPOLLIN);
  return doorman;
}

Doorman::~Doorman() { Stop(); }

void Doorman::Start(HandOver hand_over) {
  hand_over_ = std::move(hand_over);
  thread_ = std::thread([this] { Serve(); });
}

void Doorman::Stop() {
  {
    const std::scoped_lock lock(mutex_);
    is_stopping_ = true;
  }
  (void)::eventfd_write(wake_.get(), 1);
  if (thread_.joinable()) thread_.join();
  waiting_.clear();
  listeners_.clear();
}

void Doorman::Serve() {
  std::array<epoll_event, 64> events;
  eventfd_t woken = 0;
  for (;;) {
    bool is_quiet = waiting_.empty();
    {
      const std::scoped_lock lock(mutex_);
      if (is_stopping_) return;
      is_quiet = is_quiet && strangers_.empty();
    }
    const int got = ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()),
                                 is_quiet ? -1 : kLookMilliseconds);
    for (int i = 0; i < got; ++i) {
      const int fd = events[static_cast<size_t>(i)].data.fd;
      const auto is_it = [fd](const FileHandle& listener) { return listener.get() == fd; };
      if (std::any_of(listeners_.begin(), listeners_.end(), is_it))
        AcceptAll(fd);
      else if (fd == wake_.get())
        (void)::eventfd_read(fd, &woken);
      else
        Ended(fd);
    }
    LookAtTimes();
    LetWaitingIn();
  }
}

void Doorman::AcceptAll(int listener) {
  for (;;) {
    FileHandle fd(::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (fd.get() < 0) {
      // Without descriptors the others have to end first; the queue of the kernel waits.
      if (errno == EMFILE || errno == ENFILE) ::usleep(50'000);
      return;
    }
    Tune(fd.get(), limits_.unanswered);
    PeerName name = PeerOf(fd.get());
    Guest guest{std::move(fd), std::move(name), SteadyNow()};
    if (guest.name.peer.empty()) continue;  // it has gone
    if (MayWait(guest.name))
      waiting_.push_back(std::move(guest));
    else
      Refuse(Refusal::kConnections, guest.name,
             {Code::kResourceExhausted,
              fmt::format("{} connections without a certificate wait", waiting_.size())});
  }
}

bool Doorman::MayWait(const PeerName& name) const {
  if (static_cast<int64_t>(waiting_.size()) >= kWaitingEach * limits_.strangers) return false;
  const auto own = std::count_if(waiting_.begin(), waiting_.end(), [&](const Guest& guest) {
    return guest.name.address == name.address;
  });
  return own < kWaitingEach * limits_.per_address;
}

bool Doorman::HasRoom(const PeerName& name) const {
  if (static_cast<int64_t>(strangers_.size()) >= limits_.strangers) return false;
  const auto it = of_address_.find(name.address);
  return it == of_address_.end() || it->second < limits_.per_address;
}

void Doorman::LetWaitingIn() {
  std::deque<Guest> still;
  for (Guest& guest : waiting_) {
    bool has_room = false;
    {
      const std::scoped_lock lock(mutex_);
      has_room = HasRoom(guest.name);
    }
    if (has_room)
      LetIn(std::move(guest));
    else
      still.push_back(std::move(guest));
  }
  waiting_ = std::move(still);
}

void Doorman::LetIn(Guest guest) {
  FileHandle second(::fcntl(guest.fd.get(), F_DUPFD_CLOEXEC, 0));
  if (second.get() < 0) return;  // no descriptors left: it is closed
  const int fd = guest.fd.Release(), watched = second.get();
  {
    const std::scoped_lock lock(mutex_);
    by_peer_[guest.name.peer] = watched;
    ++of_address_[guest.name.address];
    strangers_[watched] = {std::move(second), guest.name, SteadyNow()};
    Watch(epoll_.get(), watched, 0);  // its end is always told
  }
  hand_over_(fd);
}

Doorman::Guest Doorman::Forget(int fd) {
  const auto it = strangers_.find(fd);
  if (it == strangers_.end()) return {};
  Guest guest = std::move(it->second);
  // Closing alone would not end it: gRPC's descriptor is of the same connection.
  (void)::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
  strangers_.erase(it);
  by_peer_.erase(guest.name.peer);
  const auto count = of_address_.find(guest.name.address);
  if (--count->second == 0) of_address_.erase(count);
  return guest;
}

void Doorman::Know(const std::string& peer) {
  {
    const std::scoped_lock lock(mutex_);
    const auto it = by_peer_.find(peer);
    if (it == by_peer_.end() || limits_.stay_strangers) return;
    (void)Forget(it->second);
  }
  (void)::eventfd_write(wake_.get(), 1);
}

void Doorman::Ended(int fd) {
  Guest guest;
  {
    const std::scoped_lock lock(mutex_);
    guest = Forget(fd);
  }
  if (guest.fd.get() >= 0 && !limits_.stay_strangers)
    Refuse(Refusal::kHandshake, guest.name,
           {Code::kUnauthenticated, "it has shown no certificate that holds, or made no call"});
}

void Doorman::LookAtTimes() {
  const TimePoint now = SteadyNow();
  while (!waiting_.empty() && waiting_.front().since + limits_.handshake <= now) {
    Refuse(Refusal::kConnections, waiting_.front().name,
           {Code::kResourceExhausted, "too many connections without a certificate"});
    waiting_.pop_front();
  }
  if (limits_.stay_strangers) return;
  const std::scoped_lock lock(mutex_);
  std::vector<int> known;
  for (const auto& [fd, guest] : strangers_)
    if (guest.since + limits_.handshake + kMore <= now) known.push_back(fd);
  for (const int fd : known) (void)Forget(fd);
}

void Doorman::Refuse(Refusal reason, const PeerName& who, const Error& why) {
  refusals_.Add(reason, {"", "", who.peer, "", ""}, "connection", why);
}

}  // namespace tributary::service

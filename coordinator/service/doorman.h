#pragma once
// Accepts connections and hands them to gRPC, which has no limit of its own for them: few at a time
// that have not shown a certificate, of one address and of all. One more waits until there is room,
// since many come at once after a restart, and is closed when that takes longer than a handshake
// may, or too many wait.
//
// A stranger becomes known with its first admitted call, or when it outlasts the handshake, which
// gRPC ends without a certificate. Where nobody shows one (`stay_strangers`) it never does.

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <thread>

#include "coordinator/service/refusals.h"
#include "coordinator/service/sockets.h"

namespace tributary::service {

struct DoorLimits {
  int64_t strangers = 64, per_address = 4;
  Duration handshake = std::chrono::seconds(5);
  Duration unanswered = std::chrono::seconds(20);  // sent bytes; then the connection ends
  bool stay_strangers = false;
};

class Doorman {
 public:
  using HandOver = std::function<void(int fd)>;  // takes the descriptor

  // Listens on "host:port" (port 0: any), lets nobody in yet. Errors name the address. `refusals`
  // outlives the object.
  static Result<std::unique_ptr<Doorman>> Open(const std::string& listen, const DoorLimits& limits,
                                               Refusals& refusals);
  ~Doorman();

  int port() const { return port_; }
  void Start(HandOver hand_over);
  // Nobody is let in any more; those who are in stay.
  void Stop();
  // The peer, as gRPC names it, has shown a certificate. Any thread.
  void Know(const std::string& peer);

 private:
  struct Guest {
    FileHandle fd;  // of one that waits its own, of a stranger a second one, which tells its end
    PeerName name;
    TimePoint since;
  };
  Doorman(const DoorLimits& limits, Refusals& refusals) : limits_(limits), refusals_(refusals) {}
  void Serve();
  void AcceptAll(int listener);
  bool MayWait(const PeerName& name) const;
  void LetIn(Guest guest);
  void LetWaitingIn();
  void LookAtTimes();
  void Ended(int fd);
  void Refuse(Refusal reason, const PeerName& who, const Error& why);
  // With mutex_ held.
  bool HasRoom(const PeerName& name) const;
  Guest Forget(int fd);

  const DoorLimits limits_;
  Refusals& refusals_;
  HandOver hand_over_;
  int port_ = 0;
  FileHandle epoll_, wake_;
  std::vector<FileHandle> listeners_;
  std::deque<Guest> waiting_;  // of the thread alone

  std::mutex mutex_;
  std::map<int, Guest> strangers_;  // by their second descriptors
  std::map<std::string, int> by_peer_;
  std::map<std::string, int64_t> of_address_;
  bool is_stopping_ = false;
  std::thread thread_;
};

}  // namespace tributary::service

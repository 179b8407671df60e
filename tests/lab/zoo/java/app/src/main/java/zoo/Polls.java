package zoo;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.rocketmq.remoting.RPCHook;
import org.apache.rocketmq.remoting.protocol.RemotingCommand;

/** Sees the client's own polls for routes, of a service that never asks for any itself. */
final class Polls implements RPCHook {
    private static final int GET_ROUTE = 105;
    private static final long PATIENCE_MS = 3500; // the poll itself gives up after 3 s

    private final Map<Integer, Long> asked = new ConcurrentHashMap<>();
    private final Journal journal;

    Polls(Journal journal) {
        this.journal = journal;
    }

    @Override
    public void doBeforeRequest(String address, RemotingCommand request) {
        if (request.getCode() == GET_ROUTE) {
            asked.put(request.getOpaque(), System.nanoTime());
        }
    }

    @Override
    public void doAfterResponse(String address, RemotingCommand request, RemotingCommand response) {
        Long began = asked.remove(request.getOpaque());
        if (began != null) {
            journal.ok("poll", Journal.elapsed(began), "code " + response.getCode());
        }
    }

    /** The hook hears nothing of a poll that timed out: to be called every second. */
    void lost() {
        asked.forEach((opaque, began) -> {
            if (Journal.elapsed(began) > PATIENCE_MS && asked.remove(opaque, began)) {
                journal.failed("poll", Journal.elapsed(began), "no answer");
            }
        });
    }
}

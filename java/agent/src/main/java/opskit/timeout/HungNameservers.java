package opskit.timeout;

import java.lang.reflect.InvocationTargetException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Has clients leave their nameserver now where it hangs, without waiting for a call of the application.
 *
 * <p>A call that hangs by now goes on in the code from before the change, so that only the next one would leave, and a
 * client that polls every 30 s would not ask before then. So each client asks a question at once; where it times out
 * the client closes the channel, and what waits on that channel fails at once and is asked elsewhere.
 */
final class HungNameservers {
    /** Far above what a nameserver that is well needs. */
    private static final long ANSWER_MILLIS = 1000;
    /** A client that has to connect anew may take longer; it does so without anybody waiting. */
    private static final long TOGETHER_MILLIS = 2000;

    private HungNameservers() {
    }

    /** All clients at the same time, each in a thread of its own; returns when all have their answer, or after 2 s. */
    static void leave(List<Client> clients, List<String> errors) {
        List<Thread> questions = new ArrayList<>();
        for (Client client : clients) {
            Thread question = new Thread(() -> ask(client, errors), "opskit-agent");
            question.setDaemon(true);
            question.start();
            questions.add(question);
        }
        long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(TOGETHER_MILLIS);
        try {
            for (Thread question : questions) {
                question.join(Math.max(1, TimeUnit.NANOSECONDS.toMillis(end - System.nanoTime())));
            }
        } catch (InterruptedException error) {
            Thread.currentThread().interrupt();
        }
    }

    private static void ask(Client client, List<String> errors) {
        try {
            if (client.closesNameserver() && client.nameserver() != null) {
                client.askNameserver(ANSWER_MILLIS);
            }
        } catch (InvocationTargetException expected) {
            // what the client threw for want of an answer: it has closed the channel, which is all that was wanted
            return;
        } catch (Throwable error) {
            errors.add("client " + client.id + " could not ask its nameserver: " + error);
        }
    }
}

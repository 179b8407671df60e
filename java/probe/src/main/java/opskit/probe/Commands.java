package opskit.probe;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;

/**
 * Plain words on stdin, one command a line. The end of stdin is the command to stop: where the controller is gone,
 * nobody is left to end the traffic, and the next drill would meet this one's consumers in its groups.
 */
final class Commands {
    /** Does one command; words[0] is its name. */
    interface Listener {
        void command(String... words);
    }

    private Commands() {
    }

    static void listen(Listener listener) {
        Thread reader = new Thread(() -> {
            try {
                BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
                for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                    if (!line.trim().isEmpty()) {
                        listener.command(line.trim().split("\\s+"));
                    }
                }
            } catch (IOException error) {
                System.err.println("stdin: " + error);
            } finally {
                listener.command("stop");
            }
        }, "commands");
        reader.setDaemon(true);
        reader.start();
    }
}

package opskit.probe;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;

/** Plain words on stdin, one command a line. The end of stdin is no command: a cut connection must not end a drill. */
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
            }
        }, "commands");
        reader.setDaemon(true);
        reader.start();
    }
}

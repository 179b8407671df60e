package opskit.timeout;

/** The text that an agent is loaded with: VERB[,mode=nameserver|every][,latency-fault=on|off][,id=TOKEN]. */
final class Options {
    static final String ON = "on";
    static final String OFF = "off";
    static final String REPORT = "report";

    final String verb;
    final Mode mode;
    /** Null where it is to be left alone. */
    final Boolean latencyFault;
    /** Null where none is given; told again in the report, so that its reader knows it is not an older one. */
    final String id;

    private Options(String verb, Mode mode, Boolean latencyFault, String id) {
        this.verb = verb;
        this.mode = mode;
        this.latencyFault = latencyFault;
        this.id = id;
    }

    /** Raises IllegalArgumentException with a sentence where the text is none of the above. */
    static Options of(String text) {
        String[] words = (text == null ? "" : text).split(",", -1);
        String verb = words[0].trim();
        if (!verb.equals(ON) && !verb.equals(OFF) && !verb.equals(REPORT)) {
            throw new IllegalArgumentException(
                "the agent's options must begin with on, off or report, not '" + verb + "'");
        }
        Mode mode = Mode.NAMESERVER;
        Boolean latencyFault = null;
        String id = null;
        for (int i = 1; i < words.length; i++) {
            String[] pair = words[i].trim().split("=", 2);
            String value = pair.length == 2 ? pair[1] : "";
            if (pair[0].equals("mode") && Mode.of(value) != null) {
                mode = Mode.of(value);
            } else if (pair[0].equals("latency-fault") && (value.equals(ON) || value.equals(OFF))) {
                latencyFault = value.equals(ON);
            } else if (pair[0].equals("id") && !value.isEmpty()) {
                id = value;
            } else {
                throw new IllegalArgumentException("the agent does not know the option '" + words[i].trim() + "'");
            }
        }
        return new Options(verb, mode, latencyFault, id);
    }

    /** The token of a text that may be wrong elsewhere; null where it holds none. */
    static String id(String text) {
        for (String word : (text == null ? "" : text).split(",")) {
            if (word.trim().startsWith("id=")) {
                return word.trim().substring(3);
            }
        }
        return null;
    }
}

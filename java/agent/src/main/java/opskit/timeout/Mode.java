package opskit.timeout;

/** Which channels are closed after a call on them timed out. */
enum Mode {
    /** Those to nameservers only: InvokeSync is changed, no field is. */
    NAMESERVER,
    /** All, as upstream has it: the field clientCloseSocketIfTimeout is set, and the constructor sets it. */
    EVERY;

    String word() {
        return this == NAMESERVER ? "nameserver" : "every";
    }

    /** Null for any other word, and for null. */
    static Mode of(String word) {
        for (Mode mode : values()) {
            if (mode.word().equals(word)) {
                return mode;
            }
        }
        return null;
    }
}

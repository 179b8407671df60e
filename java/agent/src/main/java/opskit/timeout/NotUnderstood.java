package opskit.timeout;

/** A class that does not have the shape that is known; it is left as it is. The message is half a sentence. */
final class NotUnderstood extends Exception {
    private static final long serialVersionUID = 1L;

    NotUnderstood(String why) {
        super(why);
    }
}

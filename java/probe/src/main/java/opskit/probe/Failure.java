package opskit.probe;

/** The probe could not judge: one sentence that says why. */
final class Failure extends Exception {
    private static final long serialVersionUID = 1L;

    Failure(String sentence) {
        super(sentence);
    }

    Failure(String sentence, Throwable cause) {
        super(sentence, cause);
    }
}

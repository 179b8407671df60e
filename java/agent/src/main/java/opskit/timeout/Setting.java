package opskit.timeout;

import static opskit.timeout.Instructions.ALOAD_0;
import static opskit.timeout.Instructions.GETSTATIC;
import static opskit.timeout.Instructions.ICONST_0;
import static opskit.timeout.Instructions.ICONST_1;
import static opskit.timeout.Instructions.PUTFIELD;

import java.util.List;

/** What the constructor of a NettyClientConfig sets clientCloseSocketIfTimeout to. */
enum Setting {
    /** The constant false: 4.0.0 to 4.9.0. */
    OFF,
    /** The constant true: such a release with a patched jar. */
    ON,
    /** What NettySystemConfig read from a system property, true by default: 4.9.1 and later. */
    PROPERTY,
    /** It has no such field. */
    ABSENT,
    /** Something else. */
    UNKNOWN;

    static final String FIELD = "clientCloseSocketIfTimeout";

    static Setting of(byte[] config) {
        try {
            ClassFile file = new ClassFile(config);
            return file.fields.contains(FIELD) ? of(file, value(file)) : ABSENT;
        } catch (NotUnderstood error) {
            return UNKNOWN;
        }
    }

    private static Setting of(ClassFile file, int value) throws NotUnderstood {
        switch (file.u1(value)) {
            case ICONST_0:
                return OFF;
            case ICONST_1:
                return ON;
            case GETSTATIC:
                return file.member(value + 1).name.equals(FIELD) ? PROPERTY : UNKNOWN;
            default:
                return UNKNOWN;
        }
    }

    /** The class with the constant true in place of false; null where it does not have the constant false. */
    static byte[] switchedOn(byte[] config) throws NotUnderstood {
        if (of(config) != OFF) {
            return null;
        }
        byte[] changed = config.clone();
        changed[value(new ClassFile(config))] = ICONST_1;
        return changed;
    }

    /** Where the instruction lies whose value the only constructor that sets the field gives it. */
    private static int value(ClassFile file) throws NotUnderstood {
        int found = -1;
        for (ClassFile.Method method : file.methods) {
            if (method.name.equals("<init>")) {
                List<Integer> code = new Instructions(file, method).offsets;
                for (int i = 2; i < code.size(); i++) {
                    if (setsField(file, code.get(i))) {
                        if (found >= 0 || file.u1(code.get(i - 2)) != ALOAD_0) {
                            throw new NotUnderstood("its constructor sets " + FIELD + " in an unknown way");
                        }
                        found = code.get(i - 1);
                    }
                }
            }
        }
        if (found < 0) {
            throw new NotUnderstood("its constructor does not set " + FIELD);
        }
        return found;
    }

    private static boolean setsField(ClassFile file, int at) throws NotUnderstood {
        if (file.u1(at) != PUTFIELD) {
            return false;
        }
        ClassFile.Member member = file.member(at + 1);
        return member.name.equals(FIELD) && member.descriptor.equals("Z") && member.owner.equals(file.name);
    }
}

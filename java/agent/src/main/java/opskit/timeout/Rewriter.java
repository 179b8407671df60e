package opskit.timeout;

import java.lang.instrument.ClassFileTransformer;
import java.lang.instrument.Instrumentation;
import java.lang.instrument.UnmodifiableClassException;
import java.security.ProtectionDomain;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** Changes the client's classes as the mode in force asks, when they are loaded and when they are gone over again. */
final class Rewriter implements ClassFileTransformer {
    private final Instrumentation jvm;
    /** Why a class is left alone, by its key. */
    private final Map<String, String> troubles = new ConcurrentHashMap<>();
    private volatile boolean registered;

    Rewriter(Instrumentation jvm) {
        this.jvm = jvm;
    }

    void register() {
        troubles.clear();
        if (!registered) {
            jvm.addTransformer(this, true);
            registered = true;
        }
    }

    void unregister() {
        jvm.removeTransformer(this);
        registered = false;
    }

    Iterable<String> troubles() {
        return troubles.values();
    }

    /** One safepoint for all of them; where one of them is refused, one each. */
    void goOver(List<Class<?>> classes) {
        if (classes.isEmpty()) {
            return;
        }
        try {
            jvm.retransformClasses(classes.toArray(new Class<?>[0]));
        } catch (UnmodifiableClassException | RuntimeException | LinkageError together) {
            for (Class<?> type : classes) {
                goOver(type);
            }
        }
    }

    private void goOver(Class<?> type) {
        try {
            jvm.retransformClasses(type);
        } catch (UnmodifiableClassException | RuntimeException | LinkageError error) {
            troubles.put(Family.key(type), type.getName() + " could not be changed: " + error);
            Memory.forget(Memory.Kind.CHANGED, Family.key(type));
        }
    }

    /** Null leaves the class as it is. Nothing is thrown: the JVM would drop it, and nobody would hear of it. */
    @Override
    public byte[] transform(
        ClassLoader loader, String internalName, Class<?> loaded, ProtectionDomain domain, byte[] bytes) {
        String name = internalName == null ? "" : internalName.replace('/', '.');
        boolean config = name.endsWith(Family.CONFIG);
        if (loader == null || !config && !name.endsWith(Family.REMOTING)) {
            return null;
        }
        String key = Family.key(name, loader);
        try {
            if (!Memory.ours()) {
                // another build of the agent has taken over
                unregister();
                return null;
            }
            byte[] changed = troubles.containsKey(key) ? null : changed(name, config, loader, bytes);
            if (changed == null) {
                Memory.forget(Memory.Kind.CHANGED, key);
            } else {
                Memory.remember(Memory.Kind.CHANGED, key, true);
            }
            return changed;
        } catch (NotUnderstood error) {
            troubles.put(key, name + " is left alone: " + error.getMessage());
        } catch (Throwable error) {
            troubles.put(key, name + " is left alone: " + error);
        }
        return null;
    }

    private static byte[] changed(String name, boolean config, ClassLoader loader, byte[] bytes) throws NotUnderstood {
        Mode mode = Memory.mode();
        if (config) {
            return mode == Mode.EVERY ? Setting.switchedOn(bytes) : null;
        }
        String family = name.substring(0, name.length() - Family.REMOTING.length());
        return mode == Mode.NAMESERVER && Family.byConstant(Family.setting(loader, family))
            ? InvokeSync.forNameservers(bytes) : null;
    }
}

package opskit.timeout;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.lang.reflect.Field;

/** The classes of one RocketMQ client: one package, original or relocated, in one class loader. */
final class Family {
    static final String CONFIG = ".remoting.netty.NettyClientConfig";
    static final String REMOTING = ".remoting.netty.NettyRemotingClient";
    static final String MANAGER = ".client.impl.MQClientManager";

    /** As org.apache.rocketmq. */
    final String name;
    final Class<?> config;
    /** Null where it is not loaded yet. */
    final Class<?> remoting;
    final Setting setting;

    Family(Class<?> config, Class<?> remoting) {
        this.config = config;
        this.remoting = remoting;
        this.name = config.getName().substring(0, config.getName().length() - CONFIG.length());
        this.setting = setting(config.getClassLoader(), name);
    }

    /** Of the class file that the loader finds; UNKNOWN where it gives none. */
    static Setting setting(ClassLoader loader, String family) {
        String file = (family + CONFIG).replace('.', '/') + ".class";
        try (InputStream stream = loader.getResourceAsStream(file)) {
            return stream == null ? Setting.UNKNOWN : Setting.of(bytes(stream));
        } catch (IOException error) {
            return Setting.UNKNOWN;
        }
    }

    /** Whether the constant in the constructor decides, so that the agent has something to change. */
    static boolean byConstant(Setting setting) {
        return setting == Setting.OFF || setting == Setting.ON;
    }

    static String key(String className, ClassLoader loader) {
        return Mirror.identity(className, loader);
    }

    static String key(Class<?> type) {
        return key(type.getName(), type.getClassLoader());
    }

    /** Whether its invokeSync closes the channels of nameservers, and no others, whatever the field says. */
    boolean nameserversOnly() {
        return remoting != null && Memory.mode() == Mode.NAMESERVER && Memory.holds(Memory.Kind.CHANGED, key(remoting));
    }

    /** Where 4.9.1 and later keep what a new config starts with. */
    Field systemField() throws ReflectiveOperationException {
        String system = name + ".remoting.netty.NettySystemConfig";
        return Mirror.staticField(Class.forName(system, true, config.getClassLoader()), Setting.FIELD);
    }

    /** As 4.8.0; null where the client does not say. */
    String release() {
        try {
            Class<?> version = Class.forName(name + ".common.MQVersion", true, config.getClassLoader());
            int current = version.getField("CURRENT_VERSION").getInt(null);
            Object text = version.getMethod("getVersionDesc", int.class).invoke(null, current);
            return text.toString().replaceFirst("^V", "").replace('_', '.');
        } catch (ReflectiveOperationException | LinkageError error) {
            return null;
        }
    }

    @Override
    public String toString() {
        String release = release();
        return name + (release == null ? "" : " " + release);
    }

    private static byte[] bytes(InputStream stream) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        byte[] buffer = new byte[8192];
        for (int count = stream.read(buffer); count >= 0; count = stream.read(buffer)) {
            bytes.write(buffer, 0, count);
        }
        return bytes.toByteArray();
    }
}

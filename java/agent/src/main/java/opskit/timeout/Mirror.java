package opskit.timeout;

import java.lang.reflect.Field;
import java.lang.reflect.InvocationTargetException;

/** Fields and methods of the client's objects by name: its classes lie in other loaders and packages. */
final class Mirror {
    private Mirror() {
    }

    /** The value of a field of the object's class or of one above it. */
    static Object field(Object object, String name) throws ReflectiveOperationException {
        for (Class<?> type = object.getClass(); type != null; type = type.getSuperclass()) {
            for (Field field : type.getDeclaredFields()) {
                if (field.getName().equals(name)) {
                    field.setAccessible(true);
                    return field.get(object);
                }
            }
        }
        throw new NoSuchFieldException(object.getClass().getName() + "." + name);
    }

    static Field staticField(Class<?> type, String name) throws ReflectiveOperationException {
        Field field = type.getDeclaredField(name);
        field.setAccessible(true);
        return field;
    }

    static boolean is(Object object, String getter) throws ReflectiveOperationException {
        try {
            return (Boolean) object.getClass().getMethod(getter).invoke(object);
        } catch (InvocationTargetException error) {
            throw new ReflectiveOperationException(getter + ": " + error.getCause(), error);
        }
    }

    static void set(Object object, String setter, boolean value) throws ReflectiveOperationException {
        try {
            object.getClass().getMethod(setter, boolean.class).invoke(object, value);
        } catch (InvocationTargetException error) {
            throw new ReflectiveOperationException(setter + ": " + error.getCause(), error);
        }
    }

    /** Tells two objects of one name apart; the same in every build of the agent. */
    static String identity(String name, Object object) {
        return name + "@" + Integer.toHexString(System.identityHashCode(object));
    }
}

/** How key files are named in a folder of SSH's. */

/** A person's own keys, in the order in which one is chosen. Never `id_container`: that one is of sessions. */
export const personalKeyNames: readonly string[] = ['id_ed25519', 'id_ecdsa', 'id_rsa'];

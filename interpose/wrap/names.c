/*
 * names.c - asking for hosts, users and groups: over the network, from a file, or from a server, as the machine is set
 * up. Their failures are told in numbers of their own, so none is noted.
 */
#include "waiting.h"

#include <grp.h>
#include <netdb.h>
#include <pwd.h>

RETURNS_OTHER(int, getaddrinfo, GETADDRINFO,
              (const char *host, const char *service, const struct addrinfo *hints, struct addrinfo **found),
              (host, service, hints, found))
RETURNS_OTHER(int, getnameinfo, GETNAMEINFO,
              (const struct sockaddr *address, socklen_t size, char *host, socklen_t host_room, char *service,
               socklen_t service_room, int flags),
              (address, size, host, host_room, service, service_room, flags))
RETURNS_OTHER(struct hostent *, gethostbyname, GETHOSTBYNAME, (const char *name), (name))
RETURNS_OTHER(struct hostent *, gethostbyname2, GETHOSTBYNAME, (const char *name, int family), (name, family))
RETURNS_OTHER(int, gethostbyname_r, GETHOSTBYNAME,
              (const char *name, struct hostent *about, char *room, size_t size, struct hostent **found, int *error),
              (name, about, room, size, found, error))
RETURNS_OTHER(int, gethostbyname2_r, GETHOSTBYNAME,
              (const char *name, int family, struct hostent *about, char *room, size_t size, struct hostent **found,
               int *error),
              (name, family, about, room, size, found, error))
RETURNS_OTHER(struct hostent *, gethostbyaddr, GETHOSTBYADDR, (const void *address, socklen_t size, int family),
              (address, size, family))
RETURNS_OTHER(int, gethostbyaddr_r, GETHOSTBYADDR,
              (const void *address, socklen_t length, int family, struct hostent *about, char *room, size_t size,
               struct hostent **found, int *error),
              (address, length, family, about, room, size, found, error))
RETURNS_OTHER(struct passwd *, getpwnam, GETPW, (const char *name), (name))
RETURNS_OTHER(struct passwd *, getpwuid, GETPW, (uid_t id), (id))
RETURNS_OTHER(int, getpwnam_r, GETPW,
              (const char *name, struct passwd *about, char *room, size_t size, struct passwd **found),
              (name, about, room, size, found))
RETURNS_OTHER(int, getpwuid_r, GETPW, (uid_t id, struct passwd *about, char *room, size_t size, struct passwd **found),
              (id, about, room, size, found))
RETURNS_OTHER(struct group *, getgrnam, GETGR, (const char *name), (name))
RETURNS_OTHER(struct group *, getgrgid, GETGR, (gid_t id), (id))
RETURNS_OTHER(int, getgrnam_r, GETGR,
              (const char *name, struct group *about, char *room, size_t size, struct group **found),
              (name, about, room, size, found))
RETURNS_OTHER(int, getgrgid_r, GETGR, (gid_t id, struct group *about, char *room, size_t size, struct group **found),
              (id, about, room, size, found))
RETURNS_OTHER(int, getgrouplist, GETGR, (const char *user, gid_t group, gid_t *groups, int *count),
              (user, group, groups, count))
RETURNS_OTHER(int, initgroups, GETGR, (const char *user, gid_t group), (user, group))

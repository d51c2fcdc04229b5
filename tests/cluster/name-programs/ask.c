/* Looks names up with the C library it is linked to: see ask.go. It knows A and PTR. */
#include <arpa/inet.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

static void tell(int error) {
  if (error != EAI_NONAME && error != -5 /* EAI_NODATA of glibc */) printf("failed: %s", gai_strerror(error));
}

static void address(const char *name) {
  struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM}, *list = NULL;
  int error = getaddrinfo(name, NULL, &hints, &list);
  if (error) { tell(error); return; }
  for (struct addrinfo *one = list; one; one = one->ai_next) {
    char text[INET_ADDRSTRLEN];
    if (one->ai_family != AF_INET) continue;
    inet_ntop(AF_INET, &((struct sockaddr_in *)one->ai_addr)->sin_addr, text, sizeof text);
    printf("%s,", text);
  }
  freeaddrinfo(list);
}

static void reverse(const char *text) {
  struct sockaddr_in of = {.sin_family = AF_INET};
  char name[NI_MAXHOST];
  inet_pton(AF_INET, text, &of.sin_addr);
  int error = getnameinfo((struct sockaddr *)&of, sizeof of, name, sizeof name, NULL, 0, NI_NAMEREQD);
  if (error) tell(error);
  else printf("%s", name);
}

int main(void) {
  char kind[8], name[NI_MAXHOST];
  while (scanf("%7s %1024s", kind, name) == 2) {
    printf("%s\t%s\t", kind, name);
    if (strcmp(kind, "A") == 0) address(name);
    else reverse(name);
    printf("\n");
  }
  return 0;
}

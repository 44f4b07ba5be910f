#include <stdio.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>
#include <string.h>
#include <stdlib.h>

#define FILESIZE 1024

int main() {
    int fd = open("/tmp/shared_mmap.txt", O_RDWR);
    if (fd == -1) {
        perror("open error");
        exit(1);
    }
    
    char *p = mmap(NULL, FILESIZE, PROT_READ | PROT_WRITE, 
                   MAP_SHARED, fd, 0);
    if (p == MAP_FAILED) {
        perror("mmap error");
        close(fd);
        exit(1);
    }
    
    char last_msg[FILESIZE] = "";
    while (1) {
        if (strcmp(p, last_msg) != 0) {
            printf("收到: %s\n", p);
            strcpy(last_msg, p);
            
            if (strstr(p, "Message 5") != NULL) {
                strcpy(p, "quit");
                break;
            }
        }
        sleep(1);
    }
    
    munmap(p, FILESIZE);
    close(fd);
    return 0;
}

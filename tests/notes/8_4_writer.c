#include <stdio.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>
#include <string.h>
#include <stdlib.h>

#define FILESIZE 1024

int main() {
    int fd = open("/tmp/shared_mmap.txt", O_CREAT | O_TRUNC | O_RDWR, 0644);
    if (fd == -1) {
        perror("open error");
        exit(1);
    }
    
    ftruncate(fd, FILESIZE);
    
    char *p = mmap(NULL, FILESIZE, PROT_READ | PROT_WRITE, 
                   MAP_SHARED, fd, 0);
    if (p == MAP_FAILED) {
        perror("mmap error");
        close(fd);
        exit(1);
    }
    
    printf("写入进程：虚拟地址 = %p\n", p);
    
    int i = 0;
    while (1) {
        sprintf(p, "Message %d from writer", i++);
        printf("写入进程发送: %s\n", p);
        sleep(2);
        
        if (strncmp(p, "quit", 4) == 0) {
            break;
        }
    }
    
    munmap(p, FILESIZE);
    close(fd);
    return 0;
}

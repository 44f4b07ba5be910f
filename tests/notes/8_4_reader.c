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
    
    printf("读取进程：虚拟地址 = %p\n", p);
    // 注意：虚拟地址可能不同，但物理页是共享的！
    
    char last_msg[FILESIZE] = "";
    while (1) {
        if (strcmp(p, last_msg) != 0) {
            printf("收到数据：%s\n", p);
            strcpy(last_msg, p);
            
            if (strstr(p, "Message 5") != NULL) {
                printf("检测到 Message 5，发送退出信号\n");
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

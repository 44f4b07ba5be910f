#include <stdio.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>
#include <sys/wait.h>
#include <string.h>

int main() {
    int fd = open("shared.txt", O_CREAT | O_TRUNC | O_RDWR, 0644);
    ftruncate(fd, 4096);
    
    char *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, 
                   MAP_SHARED, fd, 0);
    
    pid_t pid = fork();
    
    if (pid == 0) {
        // 子进程：写入数据
        strcpy(p, "Hello from child");
        printf("子进程写入: %s\n", p);
    } else {
        // 父进程：等待并读取
        sleep(1);
        printf("父进程读取: %s\n", p);
        
        wait(NULL);
        munmap(p, 4096);
        close(fd);
    }
    
    return 0;
}
